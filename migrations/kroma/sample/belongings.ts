import type { Clock } from './clock.ts';
import type { Project } from './people.ts';
import type { Random } from './random.ts';
import { json, type WriteRow } from './rows.ts';
import { mood } from './words.ts';

/** Exports in the three forms that the program makes, and snapshots. */
export function writeBelongings(write: WriteRow, random: Random, clock: Clock, projects: readonly Project[]): void {
  for (const project of projects) {
    for (const suffix of ['.tar.gz', '.zip', ''].slice(0, random.int(1, 3))) {
      const stamp = clock.now().replaceAll(':', '-');
      const path = `generated/exports/${project.slug}_${stamp}${suffix}`;
      const sha256 = suffix === '' ? null : random.hex(64);
      write('project_exports', {
        id: random.uuid(),
        project_id: project.id,
        export_path: path,
        export_sha256: sha256,
        created_at: clock.now(),
      });
      clock.advance(random.int(300, 3_000));
    }
    for (const tag of ['v1', '初稿 🎉'].slice(0, random.int(1, 2))) {
      const manifest = json({ files: ['cover.png', 'page_01.png', 'page_02.png'], n: random.int(3, 40) });
      write('project_snapshots', {
        id: random.uuid(),
        project_id: project.id,
        snapshot_tag: tag,
        notes: mood(random),
        manifest_json: manifest,
        created_at: clock.now(),
      });
      clock.advance(random.int(30, 600));
    }
  }
}
