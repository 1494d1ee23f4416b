// @ts-check
// `node build/run.mjs TOOL ARGS`: runs a tool of node_modules, or a script of build/, on our own Node, installing first
// if need be. Every script of package.json goes through here, so each works on a bare clone and under any Node >= 20.
import path from 'node:path';
import { root } from './layout.mjs';
import { bootstrap, installDependencies, run } from './provision.mjs';

const [tool = '', ...args] = process.argv.slice(2);

await bootstrap(async () => {
  const node = await installDependencies((line) => process.stderr.write(`${line}\n`));
  const bin = path.join(root, 'node_modules/.bin');
  const PATH = [path.dirname(node), bin, process.env['PATH'] ?? ''].join(path.delimiter);
  const options = { cwd: root, env: { ...process.env, PATH } };
  if (/\.m?[jt]s$/.test(tool)) return run(node, [tool, ...args], options);
  return run(tool, args, { ...options, shell: process.platform === 'win32' }); // there the tools are .cmd files
});
