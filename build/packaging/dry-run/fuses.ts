import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';

const ON = [
  FuseV1Options.EnableCookieEncryption,
  FuseV1Options.EnableEmbeddedAsarIntegrityValidation,
  FuseV1Options.OnlyLoadAppFromAsar,
];
const OFF = [
  FuseV1Options.RunAsNode,
  FuseV1Options.EnableNodeOptionsEnvironmentVariable,
  FuseV1Options.EnableNodeCliInspectArguments,
  FuseV1Options.GrantFileProtocolExtraPrivileges,
];

export const fuseCount = ON.length + OFF.length;

/** Reads them back from the packaged program. */
export async function problemsInFuses(program: string): Promise<string[]> {
  const wire = await getCurrentFuseWire(program);
  return [
    ...ON.filter((fuse) => wire[fuse] !== FuseState.ENABLE).map((fuse) => `fuse ${FuseV1Options[fuse]} is not on`),
    ...OFF.filter((fuse) => wire[fuse] !== FuseState.DISABLE).map((fuse) => `fuse ${FuseV1Options[fuse]} is not off`),
  ];
}
