import { cp, mkdir, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { FusesPlugin } from '@electron-forge/plugin-fuses';
import { VitePlugin } from '@electron-forge/plugin-vite';
import type { ForgeConfig } from '@electron-forge/shared-types';
import { FuseV1Options, FuseVersion } from '@electron/fuses';
import { nodeBundles, root } from './build/layout.mjs';

/** Set by `npm run package:dry-run` only: a folder with a stand-in for Electron's download. Never ship its output. */
const standInFolder = process.env['PHASEWISE_STAND_IN_ELECTRON'];

const config: ForgeConfig = {
  packagerConfig: {
    name: 'Phasewise',
    executableName: 'phasewise',
    appBundleId: 'org.phasewise.app',
    asar: { unpack: '**/*.node' },
    ...(standInFolder !== undefined && { electronZipDir: standInFolder }),
  },
  hooks: {
    /** The Vite plugin packages .vite/ and package.json. What the bundles leave external has to be added by hand. */
    packageAfterCopy: async (_config, buildPath, _electronVersion, platform, arch) => {
      const from = path.join(root, 'node_modules/better-sqlite3');
      const to = path.join(buildPath, 'node_modules/better-sqlite3');
      const prebuild = `${platform}-${arch}.node`;
      if (!(await readdir(path.join(from, 'prebuilds'))).includes(prebuild)) {
        throw new Error(`better-sqlite3 has no prebuilt addon for ${platform}-${arch}`);
      }
      await mkdir(path.join(to, 'prebuilds'), { recursive: true });
      for (const part of ['package.json', 'LICENSE', 'lib', `prebuilds/${prebuild}`]) {
        await cp(path.join(from, part), path.join(to, part), { recursive: true });
      }
      const { dependencies = {} } = JSON.parse(await readFile(path.join(from, 'package.json'), 'utf8')) as {
        dependencies?: Record<string, string>;
      };
      const unknown = Object.keys(dependencies).filter((name) => name !== 'node-addon-api');
      if (unknown.length > 0)
        throw new Error(`better-sqlite3 now needs ${unknown.join(', ')} at run time: copy them too`);
    },
  },
  makers: [],
  plugins: [
    new VitePlugin({
      build: Object.entries(nodeBundles).map(([name, entry]) => ({
        entry,
        config: 'build/vite.node.config.ts',
        target: name === 'preload' ? 'preload' : 'main',
      })),
      renderer: [{ name: 'main_window', config: 'build/vite.renderer.config.ts' }],
    }),
    new FusesPlugin({
      version: FuseVersion.V1,
      [FuseV1Options.RunAsNode]: false,
      [FuseV1Options.EnableCookieEncryption]: true,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
      [FuseV1Options.EnableNodeCliInspectArguments]: false,
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
      [FuseV1Options.OnlyLoadAppFromAsar]: true,
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
    }),
  ],
};

export default config;
