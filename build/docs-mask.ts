// What must be the same in every picture, whoever takes it: no folder, time, speed or free space of this machine.

export interface Masking {
  /** The temporary home folder of the program that is pictured. */
  readonly home: string;
  /** Timestamps from here on are of this machine; older ones are data of the sample. ISO, UTC. */
  readonly since: string;
}

/** Where and when the pictures pretend to be. */
export const pretended = {
  home: '/home/you',
  time: '2026-03-14T09:26:53.000Z',
  /** The same as names of backups write it. */
  timeInName: '2026-03-14 09.26.53',
  sha256: '3f9a6c1e'.repeat(8),
} as const;

const GIGABYTE = 1_000_000_000;

/** By key: what stands in for a number or text that this machine had its part in. Null stays null. */
const instead: Readonly<Record<string, (owner: Readonly<Record<string, unknown>>) => unknown>> = {
  sha256: () => pretended.sha256,
  ms: steadyMs,
  durationMs: steadyMs,
  elapsedMs: () => 41,
  // The guide is for people who have the desktop app; the window is the same.
  door: () => 'electron',
  fileChoosing: () => 'native',
  notice: () => null,
  rowsPerSecond: () => 38_000,
  etaSeconds: () => ({ min: 2, max: 3 }),
  timeSeconds: () => ({ min: 1, max: 3 }),
  freeBytes: () => 218 * GIGABYTE,
  backupFreeBytes: () => 218 * GIGABYTE,
  temporaryFreeBytes: () => 218 * GIGABYTE,
};

/** Ids that the window sends back: they have to stay as they are. */
const KEPT = new Set(['id', 'backupId', 'runId', 'handle', 'fingerprint', 'token', 'parentToken', 'recentId']);

/** A message of the host as the window may show it. What is no JSON stays as it is. */
export function masked(message: string, masking: Masking): string {
  try {
    return JSON.stringify(maskedValue(JSON.parse(message), masking));
  } catch {
    return message;
  }
}

function maskedValue(value: unknown, masking: Masking): unknown {
  if (typeof value === 'string') return maskedText(value, masking);
  if (Array.isArray(value)) return value.map((each) => maskedValue(each, masking));
  if (typeof value !== 'object' || value === null) return value;
  const owner = value as Readonly<Record<string, unknown>>;
  const entries = Object.entries(owner).map(([key, each]) => {
    const replacement = instead[key];
    if (replacement && each !== null) return [key, replacement(owner)];
    return [key, KEPT.has(key) ? each : maskedValue(each, masking)];
  });
  return Object.fromEntries(entries);
}

export const maskedText = (text: string, { home, since }: Masking): string =>
  text
    .replaceAll(home, pretended.home)
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (time) => (time >= since ? pretended.time : time))
    .replace(/\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d/g, pretended.timeInName);

/** Some milliseconds that depend on the name of the step alone. */
function steadyMs(owner: Readonly<Record<string, unknown>>): number {
  const name = JSON.stringify(owner['migrationId'] ?? owner['id'] ?? '');
  return 6 + ([...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 53);
}
