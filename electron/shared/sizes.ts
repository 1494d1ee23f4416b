/** How sizes are written, on every screen, in every message and on the terminal: decimal, as file managers show them. */

const UNITS = ['kB', 'MB', 'GB', 'TB'] as const;
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** "0 bytes", "812 bytes", "59.9 MB", "131 MB", "1.2 GB"; to the nearest. */
export function sizeText(bytes: number): string {
  if (bytes < 1_000) return exactText(bytes);
  let scaled = bytes;
  let unit: string = UNITS[0];
  for (const next of UNITS) {
    scaled /= 1_000;
    unit = next;
    if (scaled < 999.5) break;
  }
  return `${scaled < 99.95 ? scaled.toFixed(1) : grouped.format(scaled)} ${unit}`;
}

/** What is needed beside what is free. Two sizes that differ never read the same: then both are given to the byte. */
export function needAndFree(needBytes: number, freeBytes: number): { readonly need: string; readonly free: string } {
  const [need, free] = [sizeText(needBytes), sizeText(freeBytes)];
  return need === free && needBytes !== freeBytes
    ? { need: exactText(needBytes), free: exactText(freeBytes) }
    : { need, free };
}

const exactText = (bytes: number): string => `${grouped.format(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`;
