import { z } from 'zod';

/** Tells whether a file was written to: its length in bytes, and when it was last changed, in ns since 1970. */
export const FileStamp = z.object({ bytes: z.string(), changedAt: z.string() });
export type FileStamp = z.infer<typeof FileStamp>;

export const stampOf = ({ size, mtimeNs }: { readonly size: bigint; readonly mtimeNs: bigint }): FileStamp => ({
  bytes: String(size),
  changedAt: String(mtimeNs),
});
