// Signatures, where the environment has what they need; docs/release-checklist.md says how to get it.
import path from 'node:path';
import type { ForgePackagerOptions } from '@electron-forge/shared-types';

export type Environment = Readonly<Record<string, string | undefined>>;
type Signing = Pick<ForgePackagerOptions, 'osxSign' | 'osxNotarize' | 'windowsSign'>;

/** @throws Error where only some of the variables that belong together are set: half a signature is a mistake. */
export function signing(env: Environment): Signing {
  const mac = together(env, ['APPLE_IDENTITY']);
  const key = together(env, ['APPLE_API_KEY', 'APPLE_API_KEY_ID', 'APPLE_API_ISSUER']);
  const account = together(env, ['APPLE_ID', 'APPLE_APP_PASSWORD', 'APPLE_TEAM_ID']);
  const windows = together(env, ['WINDOWS_CERTIFICATE_FILE', 'WINDOWS_CERTIFICATE_PASSWORD']);
  if ((key || account) && !mac) throw new Error('Notarising needs a signature: APPLE_IDENTITY is not set.');
  return {
    ...(mac && { osxSign: { identity: mac.APPLE_IDENTITY } }),
    ...(account && {
      osxNotarize: {
        appleId: account.APPLE_ID,
        appleIdPassword: account.APPLE_APP_PASSWORD,
        teamId: account.APPLE_TEAM_ID,
      },
    }),
    ...(key && {
      osxNotarize: {
        appleApiKey: key.APPLE_API_KEY,
        appleApiKeyId: key.APPLE_API_KEY_ID,
        appleApiIssuer: key.APPLE_API_ISSUER,
      },
    }),
    // @electron/windows-sign writes what it is told into a log, electron-windows-sign.log, and may do its work in another
    // folder: so a whole path, and no password. That it finds in the environment, under the name that we read as well.
    ...(windows && { windowsSign: { certificateFile: path.resolve(windows.WINDOWS_CERTIFICATE_FILE) } }),
  };
}

/** @returns all of them, or null when none is set. */
function together<Name extends string>(env: Environment, names: readonly Name[]): Record<Name, string> | null {
  const missing = names.filter((name) => !env[name]);
  if (missing.length === names.length) return null;
  if (missing.length > 0) throw new Error(`To sign, ${missing.join(' and ')} must be set too.`);
  return Object.fromEntries(names.map((name) => [name, env[name]])) as Record<Name, string>;
}
