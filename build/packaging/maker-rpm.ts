// Forge 8.0.1 came without its maker for RPM (the newest is one of 8.0.0-alpha), so this is ours: the same few lines as
// Forge's maker for DEB, around the tool that Forge's own would call.
import path from 'node:path';
import { MakerBase, type MakerOptions } from '@electron-forge/maker-base';
import type { ForgePlatform } from '@electron-forge/shared-types';

type Options = Readonly<Record<string, unknown>>;
type Installer = (data: object) => Promise<{ packagePaths: string[] }>;

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64', armv7l: 'armv7hl' };

export class MakerRpm extends MakerBase<{ options: Options }> {
  name = 'rpm';
  defaultPlatforms: ForgePlatform[] = ['linux'];
  override requiredExternalBinaries = ['rpmbuild'];

  override isSupportedOnCurrentPlatform(): boolean {
    return this.isInstalled('electron-installer-redhat');
  }

  override async make({ dir, makeDir, targetArch }: MakerOptions): Promise<string[]> {
    const arch = ARCHITECTURES[targetArch];
    if (arch === undefined) throw new Error(`RPM has no name here for the architecture ${targetArch}`);
    // @ts-expect-error: this package has no types, and exists for Linux and macOS only
    const { default: install } = (await import('electron-installer-redhat')) as { default: Installer };
    const dest = path.resolve(makeDir, 'rpm', targetArch);
    await this.ensureDirectory(dest);
    const made = await install({ options: this.config.options, arch, src: dir, dest, rename: undefined });
    return made.packagePaths;
  }
}
