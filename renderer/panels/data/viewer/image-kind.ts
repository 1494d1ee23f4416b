/** Pictures by their first bytes, whatever the database calls them. SVG is text that can hold scripts: it stays text. */
const MAGIC: readonly { readonly type: string; readonly test: RegExp }[] = [
  { type: 'image/png', test: /^89504e470d0a1a0a/ },
  { type: 'image/jpeg', test: /^ffd8ff/ },
  { type: 'image/gif', test: /^47494638(37|39)61/ },
  { type: 'image/webp', test: /^52494646.{8}57454250/ },
  { type: 'image/avif', test: /^.{8}66747970(61766966|61766973)/ },
  { type: 'image/bmp', test: /^424d.{8}00000000/ },
];

/** @returns the media type, or null. */
export function imageKind(bytes: Uint8Array): string | null {
  const start = [...bytes.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return MAGIC.find(({ test }) => test.test(start))?.type ?? null;
}
