import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { root } from '../../build/layout.mjs';

/**
 * Another process with its own SQLite connection, as a second program on the same file: locks between processes are
 * not seen within one. `body` is JavaScript with `db` (better-sqlite3) and `file` in scope; it runs once, then waits.
 * It ends with this process: one that a failing spec leaves holds its output open, and whoever reads that waits for ever.
 */
export async function otherProgram(file: string, body: string): Promise<{ kill(): Promise<void> }> {
  const script = `
    const Database = require('better-sqlite3');
    const file = ${JSON.stringify(file)};
    const db = new Database(file, { timeout: 0 });
    process.on('disconnect', () => process.exit());
    ${body}
    process.send('ready');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', script], { cwd: root, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await Promise.race([once(child, 'message'), failed(child)]);
  return {
    /** As `kill -9`: nothing is closed or rolled back. */
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function failed(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`the other program ended early (${code})`);
}

/** Statements that fill `many` so far that a small cache spills into the file, and then stop before the commit. */
export const dieInTheMiddleOfAWrite = `
  db.pragma('cache_size = 5');
  db.exec("BEGIN; UPDATE many SET text = 'half written'");`;

export const manyRows = (rows: number): string => `
  CREATE TABLE many (id INTEGER PRIMARY KEY, text TEXT);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
  INSERT INTO many SELECT i, 'row ' || i || ' ' || hex(zeroblob(50)) FROM n;`;
