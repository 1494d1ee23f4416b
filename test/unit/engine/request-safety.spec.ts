import fs from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import type { FromEngine } from '@engine/protocol.ts';
import { backupDatabase } from '@engine/backups.ts';
import { serveRequests } from '@engine/requests.ts';
import { safetyText } from '@shared/errors.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const packs = [shopPack()];
afterEach(() => void vi.restoreAllMocks());

it.each(['ENOSPC', 'EACCES'])(
  'what the system refuses in the middle of deleting (%s) is no "untouched"',
  async (code) => {
    const file = makeShop(folder);
    const input = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
    const [first] = [await backupDatabase(input, packs), await backupDatabase(input, packs)];
    const sent: FromEngine[] = [];
    const server = serveRequests(packs, (message) => sent.push(message));
    vi.spyOn(fs, 'renameSync').mockImplementation((from) => {
      throw Object.assign(new Error(`${code}: refused on purpose`), { code, path: from, syscall: 'rename' });
    });

    const asked = { databasePath: file, folders: [first.folder], backupPath: first.path, needed: [] };
    server.receive({ type: 'request', id: 1, name: 'removeBackup', input: asked });
    await vi.waitFor(() => expect(sent.some(({ type }) => type === 'answer')).toBe(true));

    expect(sent.find(({ type }) => type === 'answer')).toMatchObject({
      result: { ok: false, error: { safety: safetyText['backup-only'] } },
    });
  },
);
