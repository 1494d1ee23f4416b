// Enforces who may import what: `npm run boundaries`. The table is the one of CONTRIBUTING.md, one row per folder here.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import { aliases, root } from './layout.mjs';

export interface Row {
  readonly name: string;
  /** Pattern of the files that the row is about. The first row that matches a file decides for it. */
  readonly from: string;
  /** Patterns of what they may import. Everything else is a violation. */
  readonly may: readonly string[];
  /** Patterns of what they may import with `import type` only. */
  readonly types?: readonly string[];
  readonly why: string;
}

export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

const npm = (...names: string[]) => names.map((name) => `^node_modules/(@types/)?${name}/`);
const inside = (...folders: string[]) => folders.map((folder) => `^${folder}/`);
const NODE = 'node:*';

export const table: readonly Row[] = [
  {
    name: 'shared',
    from: '^electron/shared/',
    may: [...inside('electron/shared'), ...npm('zod')],
    why: 'electron/shared is read by the window, the hosts and the engine: zod and itself only',
  },
  {
    name: 'engine-process',
    from: '^electron/engine/process\\.ts$',
    may: [...inside('electron/engine', 'electron/shared', 'migrations'), ...npm('better-sqlite3', 'umzug'), NODE],
    why: 'the process entry alone hands the packs of migrations/ to the engine',
  },
  {
    name: 'engine',
    from: '^electron/engine/',
    may: [...inside('electron/engine', 'electron/shared'), ...npm('better-sqlite3', 'umzug'), NODE],
    why: 'the engine is plain Node: @shared, better-sqlite3, umzug and node:* only',
  },
  {
    name: 'host',
    from: '^electron/host/',
    may: [...inside('electron/host', 'electron/shared'), ...npm('zod'), NODE],
    types: inside('electron/engine'),
    why: 'a host knows the engine by its types; the engine runs in a process of its own',
  },
  {
    name: 'browser-host',
    from: '^electron/browser-host/',
    may: [...inside('electron/browser-host', 'electron/host', 'electron/shared'), ...npm('ws'), NODE],
    types: inside('electron/engine'),
    why: 'the browser host is @shared, @host, ws and node:*; it knows the engine by its types',
  },
  {
    name: 'cli',
    from: '^electron/cli/',
    may: [...inside('electron/cli', 'electron/host', 'electron/shared'), NODE],
    types: inside('electron/engine'),
    why: 'the CLI is @shared, @host and node:*; it knows the engine by its types',
  },
  {
    name: 'preload',
    from: '^electron/preload\\.ts$',
    may: [...inside('electron/shared'), ...npm('electron')],
    why: 'the preload script sees @shared and electron only',
  },
  {
    name: 'shell',
    from: '^electron/(main\\.ts$|shell/)',
    may: [...inside('electron/shell', 'electron/host', 'electron/shared'), ...npm('electron'), NODE],
    types: ['^electron/engine/protocol\\.ts$'],
    why: 'the shell opens windows: @shared, @host, electron and node:*; of the engine the types of its protocol',
  },
  {
    name: 'renderer',
    from: '^renderer/',
    may: [
      ...inside('renderer', 'electron/shared'),
      ...npm('react', 'react-dom', 'zustand', 'zod', '@mantine/[^/]+', '@tabler/icons-react', '@tanstack/[^/]+'),
    ],
    why: 'the window sees @shared and its own libraries: no electron, no node:*, nothing else of electron/',
  },
  {
    name: 'migration',
    from: '^migrations/([^/]+)/',
    // A migration's file name starts with its date. The other files of a pack are shared inside that pack.
    may: ['^electron/engine/migration\\.ts$', '^migrations/$1/[^0-9/]'],
    why: 'a migration imports @engine/migration and files of its own pack, never another migration',
  },
  {
    name: 'standin-fixture',
    from: '^test/electron-standin/fixture/',
    may: [...inside('test/electron-standin/fixture'), ...npm('electron'), NODE],
    why: 'the app that tries the stand-in for Electron is an Electron app: electron and node:* only',
  },
  {
    name: 'standin',
    from: '^test/electron-standin/',
    may: [...inside('test/electron-standin'), ...npm('@playwright/test', '@axe-core/playwright'), NODE],
    types: npm('electron'),
    why: 'the stand-in for Electron knows Electron by its types, and nothing of the app',
  },
  {
    name: 'recorder',
    from: '^test/electron/support/recorder\\.cjs$',
    may: npm('electron'),
    why: 'what records inside real Electron sees electron only',
  },
  {
    name: 'e2e',
    from: '^test/(e2e|electron)/',
    may: [
      ...inside('test/e2e', 'test/electron', 'test/electron-standin', 'test/support', 'electron/shared'),
      ...npm('@playwright/test', 'playwright-core', '@axe-core/playwright', 'ws'),
      NODE,
    ],
    why: 'end-to-end tests act through the window, as a person does',
  },
];

/** Not installed on every system: npm leaves out what says that it is not for this one. */
const optional = Object.keys(
  (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { optionalDependencies: object })
    .optionalDependencies,
);

/** Our own folder, and the program's: they answer as long as Phasewise does. */
const ownFiles = [
  ...['bundles', 'data-folder', 'journal-lines', 'journal-order', 'json-file', 'log-file', 'run-journal'],
  ...['start-marker', 'stats', 'window-files', 'works'],
];
/** What must be known at once; whoever asks has asked before whether the drive answers. Each file says why. */
const atOnce = [
  'backup-place',
  'databases',
  'export-partials',
  'file-runs',
  'recovery',
  'restore-note',
  'written-since',
];

const acrossTheTable: IForbiddenRuleType[] = [
  {
    name: 'electron-in-specs',
    comment: 'specs run in plain Node, where electron does not exist',
    severity: 'error',
    from: { path: '^test/', pathNot: ['^test/electron-standin/', '^test/electron/support/recorder\\.cjs$'] },
    to: { path: npm('electron') },
  },
  {
    name: 'waiting',
    comment:
      'a drive that hangs would hold up every window: the host asks it through on-drives.ts, not node:fs or stats.ts',
    severity: 'error',
    from: { path: '^electron/host/', pathNot: `^electron/host/(${[...ownFiles, ...atOnce].join('|')})\\.ts$` },
    to: { path: ['^(node:)?fs$', '^electron/host/stats\\.ts$'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'circular',
    comment: 'files that need each other are one file, or want a third',
    severity: 'error',
    from: { path: '^(electron|renderer|migrations)/' },
    to: { circular: true, dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'unresolvable',
    comment: 'no such file or package',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true, pathNot: `^(${optional.join('|')})$` },
  },
];

/**
 * Checks every source file below `folder` against the table.
 * @throws Error when there was nothing to check: a check of nothing is not a pass.
 */
export async function findViolations(folder: string): Promise<Violation[]> {
  const sources = ['electron', 'renderer', 'migrations', 'test'].filter((name) => existsSync(path.join(folder, name)));
  const inFolder = Object.entries(aliases).map(([name, target]) => [
    name,
    path.join(folder, path.relative(root, target)),
  ]);
  const { output } = await cruise(
    sources,
    {
      baseDir: folder,
      ruleSet: { forbidden: [...table.flatMap(rulesOfRow), ...acrossTheTable] },
      validate: true,
      parser: 'swc', // the TypeScript compiler that dependency-cruiser would use ends at version 6
      tsPreCompilationDeps: true, // keeps `import type`
      doNotFollow: { path: 'node_modules' },
      enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
      outputType: 'json',
    },
    { alias: Object.fromEntries(inFolder), symlinks: false, bustTheCache: true },
  );
  const { summary, modules } = JSON.parse(output as string) as ICruiseResult;
  if (modules.length === 0) throw new Error(`no source files below ${folder}`);

  const why = new Map(summary.ruleSetUsed?.forbidden?.map(({ name, comment }) => [name, comment]));
  const imports = summary.violations.map(({ rule, from, to }) => ({
    rule: rule.name,
    from,
    to,
    why: why.get(rule.name) ?? '',
  }));
  const globs = modules.flatMap(({ source }) => strayGlobs(folder, source));
  return [...imports, ...globs];
}

/** One row as rules of dependency-cruiser, where a core module is a kind of dependency and not a path. */
function rulesOfRow(row: Row, index: number): IForbiddenRuleType[] {
  const earlier = table.slice(0, index).map(({ from }) => from);
  const rule = {
    name: row.name,
    comment: row.why,
    severity: 'error' as const,
    from: { path: row.from, ...(earlier.length > 0 && { pathNot: earlier }) },
  };
  const types = [...(row.types ?? [])];
  const paths = [...row.may.filter((pattern) => pattern !== NODE), ...types];
  return [
    { ...rule, to: { pathNot: paths, dependencyTypesNot: ['core'] } },
    ...(row.may.includes(NODE) ? [] : [{ ...rule, to: { dependencyTypes: ['core' as const] } }]),
    ...(types.length > 0 ? [{ ...rule, to: { path: types, dependencyTypesNot: ['type-only' as const] } }] : []),
  ];
}

/** `import.meta.glob` imports too, unseen by dependency-cruiser: beyond the own folder it is the engine process's alone. */
function strayGlobs(folder: string, source: string): Violation[] {
  const isOurs = /^(electron|renderer|migrations)\//.test(source) && source !== 'electron/engine/process.ts';
  if (!isOurs) return [];
  const calls = readFileSync(path.join(folder, source), 'utf8').matchAll(/import\.meta\.glob[^(]*\(\s*([^)]*)/g);
  const patterns = [...calls].flatMap(([, argument]) => [
    ...(argument ?? '').matchAll(/['"`]([^'"`]*[/*][^'"`]*)['"`]/g),
  ]);
  return patterns
    .map(([, pattern]) => pattern ?? '')
    .filter((pattern) => !/^!?\.\/(?!.*\.\.)/.test(pattern))
    .map((to) => ({
      rule: 'glob',
      from: source,
      to,
      why: 'a glob stays in its own folder (./), except in the engine process',
    }));
}

if (import.meta.main) {
  const violations = await findViolations(root).catch((error: unknown) => {
    console.log(error instanceof Error ? error.message.replace(/\s+Stack backtrace:.*?(?=\.\.\. in)/s, '\n') : error);
    process.exit(1); // most often a file that does not parse
  });
  for (const { rule, from, to, why } of violations) console.log(`${from} -> ${to}\n    ${rule}: ${why}`);
  console.log(violations.length === 0 ? 'Import boundaries hold.' : `${violations.length} imports cross a boundary.`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
