// The two container formats for icons: Windows' ICO and Apple's ICNS.

export interface Picture {
  /** Edge length in pixels. */
  readonly size: number;
  readonly png: Buffer;
  /** Four bytes a pixel, from the top left; needed up to 255 pixels. */
  readonly rgba: Buffer;
}

/**
 * An ICO file: small pictures as bitmaps, which every reader understands, the one of 256 pixels as PNG.
 * Layout: ICONDIR, ICONDIRENTRY, BITMAPINFOHEADER of Microsoft's documentation.
 */
export function ico(pictures: readonly Picture[]): Buffer {
  const head = Buffer.from([0, 0, 1, 0, pictures.length, 0]);
  const bodies = pictures.map((picture) => (picture.size < 256 ? bitmap(picture) : picture.png));
  let offset = head.length + 16 * pictures.length;
  const entries = pictures.map(({ size }, at) => {
    const length = bodies[at]?.length ?? 0;
    const entry = Buffer.alloc(16);
    entry.writeUInt8(size % 256, 0); // 0 means 256
    entry.writeUInt8(size % 256, 1);
    entry.writeUInt16LE(1, 4); // planes
    entry.writeUInt16LE(32, 6); // bits a pixel
    entry.writeUInt32LE(length, 8);
    entry.writeUInt32LE(offset, 12);
    offset += length;
    return entry;
  });
  return Buffer.concat([head, ...entries, ...bodies]);
}

/** Rows from below, BGRA; then one bit a pixel that old systems took for transparency, all 0 because of the alpha. */
function bitmap({ size, rgba }: Picture): Buffer {
  const info = Buffer.alloc(40);
  info.writeUInt32LE(40, 0);
  info.writeInt32LE(size, 4);
  info.writeInt32LE(size * 2, 8); // both halves together
  info.writeUInt16LE(1, 12);
  info.writeUInt16LE(32, 14);
  const pixels = Buffer.alloc(size * size * 4);
  for (let row = 0; row < size; row++)
    rgba.copy(pixels, (size - 1 - row) * size * 4, row * size * 4, (row + 1) * size * 4);
  for (let at = 0; at < pixels.length; at += 4) {
    const red = pixels.readUInt8(at);
    pixels.writeUInt8(pixels.readUInt8(at + 2), at);
    pixels.writeUInt8(red, at + 2);
  }
  return Buffer.concat([info, pixels, Buffer.alloc(Math.ceil(size / 32) * 4 * size)]);
}

/** Which kinds hold a PNG of which edge length; a size serves one density as it is and another doubled. */
const ICNS_KINDS: Readonly<Record<number, readonly string[]>> = {
  32: ['ic11'], // 16 points doubled. The plain kinds of 16 and 32 are left out: some systems draw a PNG in them wrongly
  64: ['ic12'],
  128: ['ic07'],
  256: ['ic13', 'ic08'],
  512: ['ic14', 'ic09'],
  1024: ['ic10'],
};

/** An ICNS file: a header and blocks, each with a kind, its length and a PNG. */
export function icns(pictures: readonly Picture[]): Buffer {
  const blocks = pictures.flatMap(({ size, png }) =>
    (ICNS_KINDS[size] ?? []).map((kind) => Buffer.concat([Buffer.from(kind, 'latin1'), length(png), png])),
  );
  const body = Buffer.concat(blocks);
  return Buffer.concat([Buffer.from('icns', 'latin1'), length(body), body]);
}

/** Lengths count the eight bytes of kind and length too. */
function length(content: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(content.length + 8);
  return bytes;
}
