// Forge builds one bundle at a time and names it by its entry; build.mjs calls nodeBundle() itself.
import { defineConfig } from 'vite';
import { nodeBundles } from './layout.mjs';
import { nodeBundle } from './vite-shared.ts';

export default defineConfig((env) => {
  const forge = env as typeof env & { forgeConfigSelf?: { entry: string } };
  const bundle = Object.entries(nodeBundles).find(([, entry]) => entry === forge.forgeConfigSelf?.entry);
  if (!bundle) throw new Error('This configuration is for electron-forge; `npm run build` builds the bundles.');
  return nodeBundle(bundle[0]);
});
