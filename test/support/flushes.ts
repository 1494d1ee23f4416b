import fs from 'node:fs';
import { vi } from 'vitest';

/** Tells of every flush, after it, under which name the file or folder was opened. */
export function followFlushes(onFlush: (name: string | undefined) => void): void {
  const [open, flush] = [fs.openSync, fs.fsyncSync];
  const names = new Map<number, string>();
  vi.spyOn(fs, 'openSync').mockImplementation((name, ...rest) => {
    const handle = open(name, ...rest);
    names.set(handle, String(name));
    return handle;
  });
  vi.spyOn(fs, 'fsyncSync').mockImplementation((handle) => {
    flush(handle);
    onFlush(names.get(handle));
  });
}
