import { policyColumns, settingKeys, storagePolicy, type StoragePolicy } from '../oracle/settings.ts';
import { strip } from '../oracle/python-text.ts';
import { textOf, type Row, type Value } from '../oracle/rows.ts';
import { SOME_TIME } from './files.ts';
import type { Memory, Rules } from './memory.ts';

const markOf = (row: Row) => `project_storage ${textOf(row['project_id'])}`;

/** project_storage and the storage section of projects.settings_json. */
export const storageRules: Partial<Rules> = {
  yields(memory, table, row) {
    if (table !== 'project_storage' || !memory.marks.has(markOf(row))) return null;
    memory.marks.delete(markOf(row));
    const there = storageOf(memory, row['project_id']);
    if (there) memory.drop(table, textOf(there['id']));
    return null;
  },
  inserted(memory, table, row) {
    if (table === 'projects') fillStorage(memory, row, policyColumns);
    if (table === 'project_storage') {
      const isOpen = (column: string) => (settingAt(settingsOf(memory, row), column) ?? null) === null;
      writeSettings(memory, row, policyColumns.filter(isOpen));
    }
  },
  updated(memory, table, before, after) {
    if (table === 'projects' && before['settings_json'] !== after['settings_json']) {
      const [old, now] = [before, after].map((each) => storagePolicy(each['settings_json']).policy);
      fillStorage(
        memory,
        after,
        policyColumns.filter((column) => old?.[column] !== now?.[column]),
      );
    }
    if (table === 'project_storage') {
      const changed = policyColumns.filter((column) => before[column] !== after[column]);
      if (changed.length > 0) writeSettings(memory, after, changed);
    }
  },
  deleted(memory, table, row) {
    if (table !== 'projects') return;
    const storage = storageOf(memory, row['id']);
    if (storage) memory.drop('project_storage', textOf(storage['id']));
    memory.marks.delete(`project_storage ${textOf(row['id'])}`);
  },
};

const storageOf = (memory: Memory, project: Value | undefined): Row | undefined =>
  memory.rows('project_storage').find((each) => textOf(each['project_id']) === textOf(project));
const settingsOf = (memory: Memory, storage: Row): Value =>
  memory.row('projects', storage['project_id'])?.['settings_json'] ?? '';

function fillStorage(memory: Memory, project: Row, columns: readonly (keyof StoragePolicy)[]): void {
  const { policy } = storagePolicy(project['settings_json']);
  const there = storageOf(memory, project['id']);
  const values = Object.fromEntries(columns.map((column) => [column, policy[column] ?? null]));
  if (there) return memory.change('project_storage', there['id'], { ...values, updated_at: SOME_TIME });
  const id = textOf(project['id']);
  memory.put('project_storage', {
    ...memory.shapes.get('project_storage')?.defaults,
    ...policy,
    ...{ id: memory.row('project_storage', id) ? `${id}:storage` : id, project_id: id },
    ...{ created_at: SOME_TIME, updated_at: SOME_TIME },
  });
  memory.marks.add(`project_storage ${id}`);
}

type Settings = Record<string, unknown>;
const isObject = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** null also stands for settings that are no JSON object, into which nothing is written. */
function parse(settings: Value): Settings | null {
  try {
    const json: unknown = JSON.parse(textOf(settings));
    return isObject(json) ? json : null;
  } catch {
    return null;
  }
}
const placeOf = (column: string): readonly [string, string] => settingKeys[column] ?? ['s3', 'enabled'];
function settingAt(settings: Value, column: string): unknown {
  const [section, key] = placeOf(column);
  const storage = parse(settings)?.['storage'];
  const inner = isObject(storage) ? storage[section] : undefined;
  return isObject(inner) ? inner[key] : undefined;
}

/** Says in the settings what the storage says; never where that would destroy something of another type. */
function writeSettings(memory: Memory, storage: Row, columns: readonly string[]): void {
  for (const column of columns) {
    const text = settingsOf(memory, storage);
    const json = parse(text);
    if (json === null || storagePolicy(text).policy[column] === readBack(storage, column)) continue;
    const [section, key] = placeOf(column);
    const outer = opened(json, 'storage');
    const inner = outer && opened(outer, section);
    if (!inner) continue;
    inner[key] = column === 's3_enabled' ? storage[column] !== 0n : textOf(storage[column]);
    memory.change('projects', storage['project_id'], { settings_json: JSON.stringify(json) });
  }
}

/** The object under a key; nothing and null make room for one, at the end. */
function opened(json: Settings, key: string): Settings | null {
  if (json[key] === null) delete json[key];
  const inner = (json[key] ??= {});
  return isObject(inner) ? inner : null;
}

/** What reading a column out of the settings would give. */
function readBack(storage: Row, column: string): Value {
  if (column === 's3_enabled') return storage[column] === 0n ? 0n : 1n;
  return strip(textOf(storage[column])) || (column === 'local_base_dir' ? 'generated/projects' : null);
}
