import { minified, parsePython, type Json } from './python-json.ts';
import { isTruthy, pythonText, strip } from './python-text.ts';
import { textOf, type Value } from './rows.ts';

/** The eight policy columns of project_storage. */
export interface StoragePolicy {
  local_base_dir: string;
  local_project_root: string | null;
  s3_enabled: bigint;
  s3_bucket: string | null;
  s3_prefix: string | null;
  s3_region: string | null;
  s3_profile: string | null;
  s3_endpoint_url: string | null;
  [column: string]: Value;
}
export const policyColumns = [
  'local_base_dir', 'local_project_root', 's3_enabled', 's3_bucket', 's3_prefix', 's3_region', 's3_profile', 's3_endpoint_url',
] as const; // prettier-ignore

/** Where the text columns come from. */
export const settingKeys: Readonly<Record<string, readonly ['local' | 's3', string]>> = {
  local_base_dir: ['local', 'base_dir'],
  local_project_root: ['local', 'project_root'],
  s3_bucket: ['s3', 'bucket'],
  s3_prefix: ['s3', 'prefix'],
  s3_region: ['s3', 'region'],
  s3_profile: ['s3', 'profile'],
  s3_endpoint_url: ['s3', 'endpoint_url'],
};

export type SettingsIssue = 'settings-unreadable' | 'settings-wrong-type';

interface Sections {
  readonly local: Map<string, Json>;
  readonly s3: Map<string, Json>;
  readonly issue: SettingsIssue | null;
}

/** Storage settings as they should be understood (C.2 with D3 and D4). */
export function storagePolicy(settings: Value | undefined): { policy: StoragePolicy; issue: SettingsIssue | null } {
  const sections = readSections(settings);
  let issue = sections.issue;
  const text = (column: string, absent: string | null, blank: string | null): string | null => {
    const [section, key] = settingKeys[column] as readonly ['local' | 's3', string];
    const value = sections[section].get(key);
    if (value === undefined || value.kind === 'null') return absent;
    const isNested = value.kind === 'list' || value.kind === 'object';
    if (isNested) issue ??= 'settings-wrong-type';
    return strip(isNested ? minified(value) : pythonText(value)) || blank;
  };
  const base = 'generated/projects';
  const policy: StoragePolicy = {
    local_base_dir: text('local_base_dir', base, base) ?? base,
    local_project_root: text('local_project_root', null, null),
    s3_enabled: isSwitchedOn(sections.s3.get('enabled')) ? 1n : 0n,
    s3_bucket: text('s3_bucket', null, null),
    s3_prefix: text('s3_prefix', 'iat-projects', null),
    s3_region: text('s3_region', null, null),
    s3_profile: text('s3_profile', null, null),
    s3_endpoint_url: text('s3_endpoint_url', null, null),
  };
  return { policy, issue };
}

/** As the original understands them, defects included. @param defaultBase differs between its versions. */
export function originalPolicy(settings: Value | undefined, defaultBase: string): StoragePolicy {
  const sections = readSections(settings);
  const text = (column: string, absent: string | null, blank: string | null): string | null => {
    const [section, key] = settingKeys[column] as readonly ['local' | 's3', string];
    const value = sections[section].get(key);
    return value === undefined ? absent : strip(pythonText(value)) || blank;
  };
  const enabled = sections.s3.get('enabled');
  return {
    local_base_dir: text('local_base_dir', defaultBase, defaultBase) ?? defaultBase,
    local_project_root: text('local_project_root', null, null),
    s3_enabled: enabled !== undefined && isTruthy(enabled) ? 1n : 0n,
    s3_bucket: text('s3_bucket', null, null),
    s3_prefix: text('s3_prefix', 'iat-projects', null),
    s3_region: text('s3_region', null, null),
    s3_profile: text('s3_profile', null, null),
    s3_endpoint_url: text('s3_endpoint_url', null, null),
  };
}

/** The raw setting behind a column, for telling a JSON null from an absent key. */
export function settingOf(settings: Value | undefined, column: string): Json | undefined {
  const place = settingKeys[column];
  return place && readSections(settings)[place[0]].get(place[1]);
}

function readSections(settings: Value | undefined): Sections {
  const none = new Map<string, Json>();
  const text = textOf(settings);
  if (text === '') return { local: none, s3: none, issue: null };
  const top = parsePython(text);
  if (top === null) return { local: none, s3: none, issue: 'settings-unreadable' };
  let issue: SettingsIssue | null = null;
  const open = (json: Json | undefined): Map<string, Json> => {
    if (json?.kind === 'object') return json.entries;
    if (json !== undefined && json.kind !== 'null') issue = 'settings-wrong-type';
    return none;
  };
  const storage = open(open(top).get('storage'));
  return { local: open(storage.get('local')), s3: open(storage.get('s3')), issue };
}

/** A text says yes or no by its meaning; only the known words for no, and nothing at all, mean no. */
function isSwitchedOn(value: Json | undefined): boolean {
  if (value === undefined) return false;
  if (value.kind !== 'text') return isTruthy(value);
  return !['', '0', 'false', 'no', 'off'].includes(strip(value.value).toLowerCase());
}
