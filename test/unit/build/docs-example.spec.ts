import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { nodeBundleFile, root } from '../../../build/layout.mjs';

/** The commands of the QA guide's example, carried out in a folder of their own. Uses the built command line. */
interface Step {
  readonly command: string;
  readonly exitCode: number;
  /** Lines that have to be printed, in this order; `…` stands for anything. */
  readonly lines: readonly string[];
}

const COMMAND = 'npm run -s phasewise -- ';
const EXIT = '→ exit code ';
const folder = mkdtempSync(path.join(tmpdir(), 'phasewise-docs-'));
const read = (page: string): string => readFileSync(path.join(root, page), 'utf8');
const steps = stepsOf(read('docs/qa-guide.md'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('has a worked example', () => expect(steps.length).toBeGreaterThan(8));

it.each(steps)('the QA guide is right about: $command', ({ command, exitCode, lines }) => {
  const result = phasewise(command.slice(COMMAND.length));

  const said = `${result.stdout}${exitCode === 0 ? '' : result.stderr}`;
  expect(result.status, result.stderr).toBe(exitCode);
  expect(missingLine(said.split('\n'), lines), said).toBeUndefined();
});

it.each([
  ['status', 'status candidate.db --json'],
  ['plan', 'plan untouched.db --json'],
  ['backups', 'backups candidate.db --json'],
  ['issues', 'issues candidate.db --json'],
  ['any, refused or failed', 'status nothing.db --json'],
])('the support guide names the fields of: %s', (name, command) => {
  const row = read('docs/support-guide.md').match(new RegExp(`^\\| \`?${name}\`? \\| (.*) \\|$`, 'm'))?.[1] ?? '';
  const fields = [...(row.split(';')[0] ?? '').matchAll(/`(\w+)`/g)].map(([, field = '']) => field);
  if (name === 'plan') phasewise('sample untouched.db');
  const { stdout } = phasewise(command);

  expect(fields.length).toBeGreaterThan(0);
  expect(fields.filter((field) => !stdout.includes(`"${field}":`) && field !== 'details')).toEqual([]);
});

function phasewise(command: string): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, PHASEWISE_HOME: path.join(folder, 'home') };
  const options = { cwd: folder, env, encoding: 'utf8' } as const;
  return spawnSync(process.execPath, [nodeBundleFile('cli'), ...command.split(' ')], options);
}

function stepsOf(guide: string): Step[] {
  const blocks = [...guide.matchAll(/^```console\n([^]*?)^```/gm)].map(([, text = '']) => text);
  return blocks
    .flatMap((text) => text.split(/^\$ /m).slice(1))
    .map((text) => {
      const [command = '', ...lines] = text.trimEnd().split('\n');
      const [exit] = lines.filter((line) => line.startsWith(EXIT));
      return {
        command,
        exitCode: Number(exit?.slice(EXIT.length) ?? 0),
        lines: lines.filter((line) => line !== exit),
      };
    });
}

/** The first of `lines` that is not among what was said after the one before it. */
function missingLine(said: readonly string[], lines: readonly string[]): string | undefined {
  let from = 0;
  return lines.find((line) => {
    const wanted = new RegExp(`^${line.split('…').map(escaped).join('.*')}$`);
    const at = said.findIndex((each, index) => index >= from && wanted.test(each));
    from = at + 1;
    return at === -1;
  });
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
