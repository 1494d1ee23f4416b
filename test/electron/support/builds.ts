import { copyFileSync, cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../../..');
const SCRIPTED = path.join(root, 'test/support/scripted-engine.cjs');

/** The app's folder as `electron FOLDER` takes it. */
export const builtApp = root;
export const mainOf = (app: string): string => path.join(app, '.vite/build/main.cjs');

/**
 * The same bundles with an engine that only pretends.
 * @param publisher what whoever publishes the app sets in package.json.
 * @returns the app's folder, below `folder`.
 */
export function scriptedApp(folder: string, publisher: Record<string, string> = {}): string {
  const app = path.join(folder, 'app');
  const build = path.join(app, '.vite/build');
  mkdirSync(build, { recursive: true });
  // All but the engine, and not the doors that are no part of the window.
  const names = readdirSync(path.join(root, '.vite/build')).filter((it) => it.endsWith('.cjs'));
  for (const name of names.filter((it) => !/^(engine|cli|browser-host)\.cjs$/.test(it)))
    copyFileSync(path.join(root, '.vite/build', name), path.join(build, name));
  copyFileSync(SCRIPTED, path.join(build, 'engine.cjs'));
  cpSync(path.join(root, '.vite/renderer'), path.join(app, '.vite/renderer'), { recursive: true });
  const manifest = {
    name: 'phasewise',
    productName: 'Phasewise',
    version: '0.1.0',
    main: '.vite/build/main.cjs',
    phasewise: publisher,
  };
  writeFileSync(path.join(app, 'package.json'), JSON.stringify(manifest));
  return app;
}
