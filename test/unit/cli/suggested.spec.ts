import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { appError } from '@shared/errors.ts';
import { printable } from '@host/printable.ts';
import { describe, expect, it, vi } from 'vitest';
import { adviceFor } from '../../../electron/cli/advice.ts';
import { parseCommand } from '../../../electron/cli/arguments.ts';
import { commandLine, quoted, shellLine, windowLine } from '../../../electron/cli/suggested.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const isPosix = process.platform !== 'win32';

const advice = (code: Parameters<typeof appError>[0], args: string[], details?: Record<string, string>) => {
  const command = parseCommand(args);
  if (!command.ok) throw new Error(command.error.message);
  return adviceFor(appError(code, '', details), command.value, args);
};

describe('a suggested command', () => {
  it('is the whole of what has to be typed', () => {
    expect(commandLine('status', '/home/ada/project.db')).toBe('npm run -s phasewise -- status /home/ada/project.db');
    expect(commandLine('restore', "Ada's backups/a.db", '--yes')).toBe(
      `npm run -s phasewise -- restore 'Ada'\\''s backups/a.db' --yes`,
    );
  });

  it('tells npm where Phasewise is when it is typed anywhere else, also below another project', () => {
    const root = path.resolve(import.meta.dirname, '../../..');
    const elsewhere = mkdtempSync(path.join(folder, 'else '));
    const cwd = vi.spyOn(process, 'cwd');
    try {
      cwd.mockReturnValue(elsewhere);
      expect(commandLine('status', 'a.db')).toBe(`npm --prefix ${root} run -s phasewise -- status a.db`);
      expect(windowLine('a.db')).toBe(`npm --prefix ${root} start -- a.db`);
      writeFileSync(path.join(elsewhere, 'package.json'), '{}');
      expect(commandLine('status', 'a.db')).toContain(`--prefix ${root} `);
      cwd.mockReturnValue(path.join(root, 'docs'));
      expect(commandLine('status', 'a.db')).toBe('npm run -s phasewise -- status a.db');
      cwd.mockImplementation(() => {
        throw new Error('ENOENT: the folder is gone');
      });
      expect(commandLine('status', 'a.db')).toContain(`--prefix ${root} `);
    } finally {
      cwd.mockRestore();
    }
  });

  it.skipIf(!isPosix).each(['a b.db', "it's.db", 'a"b.db', '$HOME `id`; rm *.db', '-rf', '~x', 'a\\b', 'übung.db', ''])(
    'reaches the program as it is: %s',
    (name) => {
      const told = execFileSync('sh', ['-c', `printf '%s|' ${quoted(name)}`], { encoding: 'utf8' });
      expect(told).toBe(`${name}|`);
    },
  );

  it.skipIf(!isPosix)('does not act on the terminal, and is still that name', () => {
    const name = "evil\u001b[2J\u202egnp' \\.db";
    expect(quoted(name)).not.toMatch(/[\u001b\u202e]/);
    expect(
      execFileSync('bash', ['-c', `printf '%s' ${quoted(name)}`], { encoding: 'utf8', env: { LC_ALL: 'C.UTF-8' } }),
    ).toBe(name);
  });

  it.skipIf(!isPosix)('does not make zsh look for a command', () => {
    expect(quoted('=ls')).toBe("'=ls'");
  });

  it('shows no tags that nobody sees', () => {
    expect(quoted('a\u{e0041}.db', 'linux')).toBe("$'a\\U000e0041.db'");
    expect(printable('a\u{e0041}')).toBe('a\\udb40\\udc41');
  });

  it.each(['$(calc).db', '`calc`', 'a%PATH%.db', 'a" & calc.db', 'a!b', 'a^b', '\u201d; calc', 'C:\\a b\\', 'a\u202e'])(
    'is none where no shell of Windows takes it as it is: %s',
    (name) => expect(quoted(name, 'win32')).toBeNull(),
  );

  it('does not lead in a circle: what lies among backups is not taken for a database', () => {
    expect(advice('E_BACKUP_FOREIGN', ['verify', '/p/a.db'])).toContain('verify --all /p/a.db');
    expect(advice('E_BACKUP_FOREIGN', ['verify', '/p/a.db backups/old.db'])).toBeNull();
  });

  it('is told in words where there is none', () => {
    const is = vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
    try {
      expect(shellLine('status', 'C:\\$(calc).db')).toBeNull();
      expect(commandLine('status', 'C:\\$(calc).db')).toMatch(/^the command status .*type the file's name yourself/);
      expect(windowLine('C:\\$(calc).db')).not.toContain('calc');
      expect(advice('E_CANCELLED', ['migrate', '$(calc).db', '--yes'])).toBeNull();
    } finally {
      is.mockRestore();
    }
  });

  it('keeps its -- in every shell of Windows', () => {
    const is = vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
    try {
      expect(commandLine('ingest', 'a.db', 'logs', '--dry-run')).toBe(
        'npm run -s phasewise "--" ingest a.db logs --dry-run',
      );
      expect(commandLine('keys', '--clear', '--', '-a')).toBe('npm run -s phasewise "--" keys --clear "--" -a');
      expect(windowLine('a.db')).toBe('npm start "--" a.db');
    } finally {
      is.mockRestore();
    }
  });

  it('has double quotes where the shell is that of Windows', () => {
    expect(quoted('a,b.db', 'win32')).toBe('"a,b.db"'); // a list in PowerShell
    expect(quoted('-a.db', 'win32')).toBe('"-a.db"'); // two arguments in PowerShell
    expect(quoted('C:\\Users\\Ada L\\a.db', 'win32')).toBe('"C:\\Users\\Ada L\\a.db"');
  });
});

describe('what an error says to do next', () => {
  it.each([
    ['E_USAGE', ['migrate', 'a.db', '--to', '3', '--json'], 'migrate a.db --to 3 --yes'],
    ['E_USAGE', ['keys', '--clear', '--', '-a.db'], 'keys --clear --yes -- -a.db'],
    ['E_CANCELLED', ['migrate', 'a b.db', '--yes'], "migrate 'a b.db' --yes"],
    ['E_REMOVAL_UNCONFIRMED', ['migrate', 'a.db', '--to', '5', '--yes'], 'migrate a.db --to 5 --contract'],
    ['E_RESTORE_UNFINISHED', ['plan', '/x/a.db'], 'status /x/a.db'],
    ['E_RESTORE_HELD', ['plan', '/x/a.db'], 'restore --finish --to /x/a.db --yes'],
    ['E_BACKUP_GONE', ['restore', 'b.db', '--to', '/x/a.db'], 'backups /x/a.db'],
    ['E_BACKUP_FOREIGN', ['verify', '/x/a.db'], 'verify --all /x/a.db'],
    ['E_ISSUES_OPEN', ['migrate', '/x/a.db'], 'issues /x/a.db'],
  ] as const)('%s of %j is a command: %s', (code, args, expected) => {
    expect(advice(code, [...args])).toBe(`npm run -s phasewise -- ${expected}`);
  });

  it('is none where no command does it', () => {
    expect(advice('E_CORRUPT', ['migrate', 'a.db'])).toBeNull();
    expect(advice('E_USAGE', ['migrate', 'a.db', '--yes'])).toBeNull();
    expect(advice('E_BACKUP_FOREIGN', ['restore', 'b.db', '--to', '/x/a.db'])).toBeNull();
  });

  it.each([
    ['whose backup is there', { backup: import.meta.filename }, 'restore --finish --to /x/a.db --yes'],
    ['whose backup is gone', { backup: '/nowhere/b.db' }, 'status /x/a.db'],
    ['whose note cannot be read', { reason: 'it is too large' }, 'status /x/a.db'],
  ])('about a restore %s', (_, details, expected) => {
    expect(advice('E_RESTORE_UNFINISHED', ['plan', '/x/a.db'], details)).toBe(`npm run -s phasewise -- ${expected}`);
  });
});
