import type { FileEntry, OpenDatabase, RecentDatabase } from '@shared/channels.ts';
import type { BackupRecord } from '@shared/run.ts';

export const HANDLE = 'k3';
export const folder = '/home/mara/Documents/Projects/northern-lights';
export const name = 'northern-lights.db';
export const backupFolder = '/home/mara/Documents/Phasewise backups/northern-lights-6f2c';
export const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const DAY = 24 * 60;

export const database: OpenDatabase = { handle: HANDLE, name, folder };
export const others: OpenDatabase[] = [{ handle: 'k4', name: 'archive-2024.db', folder: '/media/mara/archive/2024' }];

const recent = (change: Partial<RecentDatabase> & Pick<RecentDatabase, 'recentId' | 'name'>): RecentDatabase => ({
  folder,
  exists: true,
  packTitle: 'Kroma project database',
  variantTitle: 'Legacy version',
  phaseReached: null,
  phaseCount: 6,
  sizeBytes: 59_900_000,
  lastVerifiedBackupAt: null,
  lastOpenedAt: minutesAgo(14),
  ...change,
});

export const recents: RecentDatabase[] = [
  recent({ recentId: 'r1', name }),
  recent({
    recentId: 'r2',
    name: 'studio-winter.db',
    phaseReached: 4,
    variantTitle: 'Upgraded by Phasewise',
    lastVerifiedBackupAt: minutesAgo(2 * DAY),
    lastOpenedAt: minutesAgo(2 * DAY),
    sizeBytes: 4_310_000,
  }),
  recent({
    recentId: 'r3',
    name: 'archive-2024.db',
    folder: '/media/mara/archive/2024',
    exists: false,
    sizeBytes: null,
    lastOpenedAt: minutesAgo(31 * DAY),
  }),
];

const file = (entryName: string, sizeBytes: number, looksLikeDatabase = false): FileEntry => ({
  token: `t-${entryName}`,
  name: entryName,
  kind: 'file',
  sizeBytes,
  modifiedAt: minutesAgo(900),
  looksLikeDatabase,
});
const dir = (entryName: string): FileEntry => ({
  token: `d-${entryName}`,
  name: entryName,
  kind: 'folder',
  sizeBytes: null,
  modifiedAt: minutesAgo(9_000),
  looksLikeDatabase: false,
});

export const entries: FileEntry[] = [
  dir('exports'),
  file('notes.txt', 2_114),
  file(name, 59_900_000, true),
  dir('renders'),
  file('northern-lights before trip.db', 41_200_000, true),
  file('thumbnails.zip', 18_002_113),
  ...Array.from({ length: 30 }, (_, index) => file(`run-log-${index + 1}.json`, 1_200 + index * 311)),
];

const checks = [
  'Every page copied',
  'Opened again',
  'Integrity',
  'Same content as the original',
  'Restored to a scratch file',
].map((title, index) => ({
  id: `check-${index}`,
  title,
  state: 'met' as const,
  summary:
    [
      '14,624 of 14,624 pages.',
      'The copy opens read-only.',
      'PRAGMA integrity_check says ok.',
      '28 tables, 61,402 rows, equal fingerprints.',
      'Equal byte for byte.',
    ][index] ?? '',
  evidence: index === 3 ? [{ label: 'Fingerprint', text: 'original 9c1b77…\ncopy     9c1b77…' }] : [],
}));

export function backup(change: Partial<BackupRecord> = {}): BackupRecord {
  const id = change.id ?? 'northern-lights.20261121T1402.before-phase-1';
  return {
    id,
    path: `${backupFolder}/${id}.db`,
    folder: backupFolder,
    databaseName: name,
    databasePath: `${folder}/${name}`,
    createdAt: minutesAgo(1),
    reason: 'before phase 1',
    phase: null,
    variantTitle: 'Legacy version',
    sizeBytes: 59_900_000,
    sha256: '3f9a1c207be4d85512ac90ee7a6f03d1b8c2447f9d1e6a5b0c3d2e1f4a5b6c7d',
    pages: 14_624,
    runId: 'run-20261121T140211',
    verified: true,
    checks,
    lastCheck: null,
    state: 'verified',
    ...change,
  };
}

export const oldBackups: BackupRecord[] = [
  backup({
    id: 'northern-lights.20261118T0911.by-hand',
    createdAt: minutesAgo(3 * DAY),
    reason: 'by hand',
    runId: null,
    lastCheck: { at: minutesAgo(DAY), ok: true, error: null },
  }),
  backup({
    id: 'northern-lights.20261012T1750.by-hand',
    createdAt: minutesAgo(40 * DAY),
    reason: 'by hand',
    runId: null,
    state: 'broken',
    lastCheck: {
      at: minutesAgo(DAY),
      ok: false,
      error: {
        code: 'E_BACKUP_CORRUPT',
        title: 'The backup is not what was saved',
        message: 'Its SHA-256 is 77aa10… instead of 3f9a1c….',
        safety: 'Your database was not changed. Only the backup has a problem.',
        nextStep: 'Use another backup, and make a new one now.',
      },
    },
  }),
];
