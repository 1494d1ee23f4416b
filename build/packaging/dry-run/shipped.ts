// What is in app.asar: exactly these files, and a package.json that holds no more than an app needs.
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { extractFile, listPackage, statFile } from '@electron/asar';
import { addonFile, shippedBundles } from '../app-files.ts';

/** Every file that may be shipped; each must match at least once. The window's parts carry a hash of their content. */
const allowed = (platform: string, arch: string): readonly RegExp[] => [
  /^\/package\.json$/,
  /^\/icon\.png$/,
  ...shippedBundles.map((name) => new RegExp(`^/\\.vite/build/${name}\\.cjs$`)),
  /^\/\.vite\/renderer\/main_window\/index\.html$/,
  /^\/\.vite\/renderer\/main_window\/assets\/[\w-]+\.js$/,
  /^\/\.vite\/renderer\/main_window\/assets\/[\w-]+\.css$/,
  /^\/\.vite\/renderer\/main_window\/assets\/icon-[\w-]+\.svg$/,
  /^\/node_modules\/better-sqlite3\/(package\.json|LICENSE)$/,
  /^\/node_modules\/better-sqlite3\/lib\/(binding|database|index|sqlite-error|util)\.js$/,
  /^\/node_modules\/better-sqlite3\/lib\/methods\/\w+\.js$/,
  new RegExp(`^/${addonFile(platform, arch).replaceAll('.', '\\.')}$`),
];

const PACKAGE_KEYS = [
  'name',
  'productName',
  'version',
  'description',
  'license',
  'author',
  'type',
  'main',
  'desktopName',
];

/** What the whole archive may weigh, unpacked addon included. Measured 5.9 MB; a map or a package more is noticed. */
const BUDGET_BYTES = 7_000_000;

export interface ShippedFile {
  readonly name: string;
  readonly bytes: number;
}

export function shippedFiles(resources: string): readonly ShippedFile[] {
  const archive = path.join(resources, 'app.asar');
  return listPackage(archive, { isPack: false })
    .flatMap((name) => {
      const entry = statFile(archive, name.slice(1));
      return 'size' in entry ? [{ name: name.replaceAll('\\', '/'), bytes: entry.size }] : [];
    })
    .toSorted((a, b) => b.bytes - a.bytes);
}

/** Beside the archive: the addon, which cannot be loaded from inside, and the guides that Help opens. Nothing else. */
export function problemsBeside(resources: string, platform: string, arch: string): string[] {
  const beside = readdirSync(resources, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(resources, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  const may = [/^app\.asar$/, /^docs\/[\w-]+\.(md|svg)$/, /^docs\/pictures\/[\w-]+\.png$/];
  return beside
    .filter((name) => name !== `app.asar.unpacked/${addonFile(platform, arch)}` && !may.some((each) => each.test(name)))
    .map((name) => `should not be beside app.asar: ${name}`);
}

export function problemsInArchive(resources: string, platform: string, arch: string): string[] {
  const files = shippedFiles(resources);
  const patterns = allowed(platform, arch);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const unpacked = path.join(resources, 'app.asar.unpacked', addonFile(platform, arch));
  return [
    ...files
      .filter(({ name }) => !patterns.some((pattern) => pattern.test(name)))
      .map(({ name }) => `should not be in app.asar: ${name}`),
    ...patterns
      .filter((pattern) => !files.some(({ name }) => pattern.test(name)))
      .map((pattern) => `missing in app.asar: ${pattern.source}`),
    ...(existsSync(unpacked) && statSync(unpacked).size > 1_000_000 ? [] : [`not unpacked: ${unpacked}`]),
    ...(total > BUDGET_BYTES ? [`app.asar holds ${total} bytes, more than ${BUDGET_BYTES}`] : []),
    ...problemsInPackage(path.join(resources, 'app.asar')),
    ...problemsBeside(resources, platform, arch),
  ];
}

function problemsInPackage(archive: string): string[] {
  const told = JSON.parse(extractFile(archive, 'package.json').toString('utf8')) as Record<string, unknown>;
  const keys = Object.keys(told);
  return [
    ...PACKAGE_KEYS.filter((key) => typeof told[key] !== 'string').map((key) => `package.json inside has no ${key}`),
    ...keys
      .filter((key) => !PACKAGE_KEYS.includes(key) && key !== 'phasewise')
      .map((key) => `package.json inside has ${key}`),
    ...(told['main'] === '.vite/build/main.cjs' ? [] : ['package.json inside starts something else']),
  ];
}
