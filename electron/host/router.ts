import { type ChannelName, channels, type Channels, type Output } from '@shared/channels.ts';
import { appError, err, type Result, toAppError } from '@shared/errors.ts';
import type { z } from 'zod';
import { printable } from './printable.ts';

/** Who asks, where a door has several windows: what one of them gives up, the others still wait for. */
export interface Asker {
  /** Nobody waits for its answers any more. */
  readonly isGone: boolean;
}

type Parsed<K extends ChannelName> = z.output<Channels[K]['input']>;
export type Handlers = {
  [K in ChannelName]: (input: Parsed<K>, asker?: Asker) => Promise<Result<Output<K>>> | Result<Output<K>>;
};

/** Answers any name with any input. Never throws, never rejects. @param asker absent: the only window there is. */
export type Router = (name: unknown, input: unknown, asker?: Asker) => Promise<Result<unknown>>;

export interface RouterOptions {
  /** Hold every answer against its schema: for tests, where a wrong answer must be noticed. */
  readonly checkOutput?: boolean;
  /** Receives what ended as E_INTERNAL: a bug or a broken disk. */
  readonly log?: (channel: string, cause: unknown) => void;
}

/**
 * The one way in, for every door: Electron IPC, the browser host's WebSocket and tests.
 * Names that are not channels and inputs that do not fit answer E_BAD_REQUEST; a throw inside a handler becomes a value.
 */
export function createRouter(handlers: Handlers, options: RouterOptions = {}): Router {
  return async (name, input, asker) => {
    if (!isChannel(name)) return badRequest(`There is no call named ${describe(name)}.`);
    const problem = { text: '' };
    const parsed = parse(channels[name].input, input, problem);
    if (!parsed.ok) return badRequest(`The call ${name} was given something else than it takes: ${problem.text}`);
    try {
      const handler = handlers[name] as (input: unknown, by?: Asker) => Promise<Result<unknown>> | Result<unknown>;
      const result = await handler(parsed.value, asker);
      if (options.checkOutput === true && result.ok) channels[name].output.parse(result.value);
      return result;
    } catch (cause) {
      const error = toAppError(cause);
      if (error.code === 'E_INTERNAL') options.log?.(name, cause);
      return err(error);
    }
  };
}

/** Object.hasOwn: `constructor` and `__proto__` are not calls. */
const isChannel = (name: unknown): name is ChannelName => typeof name === 'string' && Object.hasOwn(channels, name);

/** Parsing may throw for hostile objects (getters, proxies); that is a bad request like any other. */
function parse(
  schema: z.ZodType,
  input: unknown,
  problem: { text: string },
): { ok: true; value: unknown } | { ok: false } {
  try {
    // A date or a map crosses the border whole, and would pass where nothing is asked for.
    if (!isPlain(input)) {
      problem.text = 'it is no plain object';
      return { ok: false };
    }
    const result = schema.safeParse(input);
    if (result.success) return { ok: true, value: result.data };
    // Places and expectations only; the value itself may be huge or secret.
    problem.text = result.error.issues
      .slice(0, 3)
      .map((issue) => printable(`${issue.path.map(String).join('.')}: ${issue.message}`, 120))
      .join('; ');
  } catch {
    problem.text = 'it cannot be read';
  }
  return { ok: false };
}

const isPlain = (input: unknown): boolean =>
  typeof input === 'object' &&
  input !== null &&
  [Object.prototype, null].includes(Object.getPrototypeOf(input) as null);

const badRequest = (message: string): Result<never> => err(appError('E_BAD_REQUEST', message));
const describe = (name: unknown): string =>
  typeof name === 'string' ? `"${printable(name, 40)}"` : `a ${typeof name}`;
