import { z } from 'zod';
import { type AppError as AppErrorValue, errorCodes } from './errors.ts';

/** The shape of an error on its way between processes. Apart from errors.ts, so that the window gets along without zod. */
export const AppError = z.object({
  code: z.enum(errorCodes),
  title: z.string(),
  message: z.string(),
  safety: z.string(),
  nextStep: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
}) satisfies z.ZodType<AppErrorValue>;
export type AppError = AppErrorValue;
