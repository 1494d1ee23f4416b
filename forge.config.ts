import path from 'node:path';
import { FusesPlugin } from '@electron-forge/plugin-fuses';
import { VitePlugin } from '@electron-forge/plugin-vite';
import type { ForgeConfig } from '@electron-forge/shared-types';
import { FuseV1Options, FuseVersion } from '@electron/fuses';
import { nodeBundles, root } from './build/layout.mjs';
import { completeApp, shippedBundles } from './build/packaging/app-files.ts';
import { bundleId, executable, macDocumentTypes, publisher } from './build/packaging/description.ts';
import { makers, prepareSquirrel } from './build/packaging/makers.ts';
import { signing } from './build/packaging/signing.ts';

/** Set by `npm run package:dry-run` only: a folder with a stand-in for Electron's download. Never ship its output. */
const standInFolder = process.env['PHASEWISE_STAND_IN_ELECTRON'];

const config: ForgeConfig = {
  packagerConfig: {
    name: 'Phasewise',
    executableName: executable,
    appBundleId: bundleId,
    appCategoryType: 'public.app-category.developer-tools',
    appCopyright: `Copyright ${publisher}`,
    icon: path.join(root, 'build/icons/icon'), // each platform adds its own ending
    extendInfo: { CFBundleDocumentTypes: macDocumentTypes },
    win32metadata: {
      CompanyName: publisher,
      FileDescription: 'Phasewise', // what the task manager and "Open with" show
      ProductName: 'Phasewise',
      InternalName: 'Phasewise',
    },
    extraResource: [path.join(root, 'docs')], // the Help menu opens this folder
    asar: { unpack: '**/*.node' },
    ...signing(process.env),
    ...(standInFolder !== undefined && { electronZipDir: standInFolder }),
  },
  hooks: {
    // Not earlier: the Vite plugin writes a package.json of its own after copying.
    packageAfterPrune: (_config, folder, _electronVersion, platform, arch) => completeApp(folder, platform, arch),
    preMake: prepareSquirrel,
  },
  makers,
  plugins: [
    new VitePlugin({
      build: shippedBundles.map((name) => ({
        entry: nodeBundles[name],
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
