// What Forge downloads otherwise: Electron for Linux as a zip, or rather just enough of it to be packaged.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { zip } from './zip.ts';

/** @param target e.g. "linux-x64" */
export function writeStandIn(folder: string, version: string, target: string): void {
  // A "program" with a fuse wire (sentinel, version 1, nine fuses), all the wrong way round.
  const wire = Buffer.concat([
    Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
    Buffer.from([1, 9]),
    Buffer.from('101100111'),
  ]);
  const script = Buffer.from('#!/bin/sh\necho "a stand-in for Electron"; exit 1\n# ');
  const archive = zip({
    electron: Buffer.concat([script, wire, Buffer.from('\n')]),
    version: Buffer.from(version),
    LICENSE: Buffer.from('stand-in\n'),
    'LICENSES.chromium.html': Buffer.from('stand-in\n'),
    'resources/default_app.asar': Buffer.alloc(0),
  });
  writeFileSync(path.join(folder, `electron-v${version}-${target}.zip`), archive);
}
