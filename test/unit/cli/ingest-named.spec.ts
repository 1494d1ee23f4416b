import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import type { IngestReport } from '@shared/run.ts';
import { describe, expect, it, vi } from 'vitest';
import { ingest } from '../../../electron/cli/ingest.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { scriptedHost } from '../host/scripted-host.ts';
import { backup, ingestFile, ingestReport } from '../renderer/values.ts';

const folder = temporaryFolder();
const good = ingestFile({ name: 'good.json', state: 'new' });
const torn = (isNamed: boolean) =>
  ingestFile({ name: 'torn.json', state: 'refused', reason: 'it is torn', isNamed, counts: {} });

async function ended(report: Partial<IngestReport>) {
  const { host, open } = scriptedHost(mkdtempSync(path.join(folder, 'home-')));
  const value = { ...ingestReport([good, torn(true)], false), ...report };
  vi.spyOn(host.ingests, 'take').mockResolvedValue({ ok: true, value });
  const outcome = await ingest(host, {
    ...{ name: 'ingest', file: open('good').path, files: ['good.json', 'torn.json'], project: null },
    ...{ isTrial: value.isTrial, backupFolder: null },
  });
  host.close();
  return outcome;
}

describe('a file that was named and is refused', () => {
  it('is no success, though the others are in: told with where the backup is', async () => {
    const outcome = await ended({ backup: backup() });

    expect(outcome).toMatchObject({
      exitCode: 1,
      json: { ok: false, backup: { verified: true }, error: { code: 'E_INGEST_PARTLY' } },
    });
    expect(outcome.text).toContain('torn.json: it is torn. What could be taken in is in the database.');
    expect(outcome.text).toMatch(/Backup: .*\n(.*\n)*.*a verified backup exists/);
    expect(outcome.text).not.toContain('Nothing was changed');
  });

  it.each([
    ['tried only', { isTrial: true }],
    ['beside one that is known', { files: [{ ...good, state: 'known' as const }, torn(true)] }],
  ])('is refused without a trace where nothing was written: %s', async (_, report) => {
    const outcome = await ended({ backup: null, ...report });
    expect(outcome).toMatchObject({ exitCode: 3, json: { ok: false, error: { code: 'E_INGEST_PARTLY' } } });
    expect(outcome.text).toContain('Nothing was changed.');
  });

  it('is told from one that was only found in a folder', async () => {
    expect(await ended({ backup: backup(), files: [good, torn(false)] })).toMatchObject({
      exitCode: 0,
      json: { ok: true },
    });
  });
});

it('files that are all refused are not called no change where SQLite left out what it could not read', async () => {
  const refused = { files: [torn(true)], backup: null };

  const [untouched, outcome] = [await ended(refused), await ended({ ...refused, keptIn: '/K' })];

  expect(untouched).toMatchObject({ exitCode: 3, json: { error: { code: 'E_INGEST_NOTHING' } } });
  expect(untouched.text).toContain('Nothing was changed.');
  expect(outcome).toMatchObject({ exitCode: 1, json: { error: { code: 'E_INGEST_NOTHING' }, keptIn: '/K' } });
  expect(JSON.stringify(outcome)).not.toContain('Nothing was changed');
  expect(outcome.text).toContain('torn.json');
  expect(outcome.text).toMatch(/as they were found: \/K$/);
});
