import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { icnsSizes, iconFolder, icoSizes, iconSourceHash, pngSizes } from '../../../build/icons.ts';
import { root } from '../../../build/layout.mjs';

const read = (name: string): Buffer => readFileSync(path.join(iconFolder, name));
const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

/** Edge length of a PNG with transparency. @throws Error for anything else. */
function edgeOf(png: Buffer): number {
  if (!png.subarray(0, 8).equals(SIGNATURE) || png.readUInt8(25) !== 6) throw new Error('not a PNG with transparency');
  if (png.readUInt32BE(16) !== png.readUInt32BE(20)) throw new Error('not a square');
  return png.readUInt32BE(16);
}

describe('icons', () => {
  it('were drawn from the drawing as it is; else run: node build/icons.ts', () => {
    expect(read('source.sha256').toString('utf8').trim()).toBe(iconSourceHash());
    expect(readFileSync(path.join(root, 'renderer/icon.svg'))).toEqual(read('icon.svg'));
  });

  it('are there as pictures in every size', () => {
    for (const size of pngSizes) expect(edgeOf(read(`${size}.png`))).toBe(size);
  });

  it('are there for Windows: bitmaps that all readers know, and the largest as PNG', () => {
    const file = read('icon.ico');
    expect([file.readUInt16LE(0), file.readUInt16LE(2), file.readUInt16LE(4)]).toEqual([0, 1, icoSizes.length]);
    for (const [at, size] of icoSizes.entries()) {
      const entry = file.subarray(6 + 16 * at, 22 + 16 * at);
      const body = file.subarray(entry.readUInt32LE(12), entry.readUInt32LE(12) + entry.readUInt32LE(8));
      expect(entry.readUInt8(0)).toBe(size % 256);
      if (size === 256) expect(edgeOf(body)).toBe(256);
      else expect([body.readUInt32LE(0), body.readInt32LE(4), body.readInt32LE(8)]).toEqual([40, size, size * 2]);
    }
  });

  it('are there for macOS, each picture under the kind of its size', () => {
    const file = read('icon.icns');
    const edges: Record<string, number> = {};
    for (let at = 8; at < file.length; at += file.readUInt32BE(at + 4))
      edges[file.toString('latin1', at, at + 4)] = edgeOf(file.subarray(at + 8, at + file.readUInt32BE(at + 4)));
    expect([file.toString('latin1', 0, 4), file.readUInt32BE(4)]).toEqual(['icns', file.length]);
    expect(edges).toEqual({ ic11: 32, ic12: 64, ic07: 128, ic13: 256, ic08: 256, ic14: 512, ic09: 512, ic10: 1024 });
    expect(new Set(Object.values(edges))).toEqual(new Set(icnsSizes));
  });
});
