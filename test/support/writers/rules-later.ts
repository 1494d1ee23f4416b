import { isEmpty, textOf, type Row, type Value } from '../oracle/rows.ts';
import type { Memory, Rules } from './memory.ts';

/**
 * Old and new columns of the tables of later phases: costs, events, accounts and knowledge. A table that was made by the
 * upgrade has no old columns, and then there is nothing to keep in step.
 */
const isBlankJson = (value: Value | undefined) => isEmpty(value) || value === '{}';
const jsonOf = (value: Value | undefined): Value => (isEmpty(value) ? '{}' : (value ?? '{}'));
const notesAsJson = (notes: Value | undefined) => (isEmpty(notes) ? '{}' : JSON.stringify({ notes: textOf(notes) }));
type Change = (memory: Memory, row: Row, before: Row | null) => Row;

/** Two columns that say the same: one empty takes the other at an insert, one changed alone leads at an update. */
function pair(legacy: string, canonical: string, kind: 'json' | 'text'): Change {
  const isBlank = kind === 'json' ? isBlankJson : isEmpty;
  const carried = (value: Value | undefined) => (kind === 'json' ? jsonOf(value) : textOf(value));
  return (_memory, row, before) => {
    if (!(legacy in row)) return {};
    const isEqual = row[canonical] === carried(row[legacy]) || textOf(row[canonical]) === row[legacy];
    if (before === null) {
      if (isBlank(row[canonical])) return { [canonical]: carried(row[legacy]) };
      return isBlank(row[legacy]) ? { [legacy]: row[canonical] ?? null } : {};
    }
    if (isEqual) return {};
    const [isOld, isNew] = [row[legacy] !== before[legacy], row[canonical] !== before[canonical]];
    if (isOld && !isNew) return { [canonical]: carried(row[legacy]) };
    return isNew && !isOld ? { [legacy]: textOf(row[canonical]) } : {};
  };
}

/** Notes become metadata where that says nothing else; never the other way round. */
const notesOfSet: Change = (_memory, row, before) => {
  if (!('title' in row)) return {};
  const isOpen = isBlankJson(row['metadata_json']);
  if (before === null) return isOpen ? { metadata_json: notesAsJson(row['notes']) } : {};
  const isOnlyNotes = row['notes'] !== before['notes'] && row['metadata_json'] === before['metadata_json'];
  return isOnlyNotes && (isOpen || row['metadata_json'] === notesAsJson(before['notes']))
    ? { metadata_json: notesAsJson(row['notes']) }
    : {};
};

const operationOf = (type: Value | undefined): Value => (isEmpty(type) ? 'legacy_event' : (type ?? ''));
const costOf = (cents: Value | undefined): Value => Number(cents) / 100;
const centsOf = (cost: Value | undefined): Value => BigInt(Math.round(Number(cost) * 100));
function notesIn(meta: Value | undefined): string {
  const notes = (JSON.parse(textOf(meta) || '{}') as { notes?: unknown }).notes;
  return typeof notes === 'string' ? notes : '';
}
function withNotes(meta: Value | undefined, notes: Value | undefined): string {
  if (isBlankJson(meta)) return notesAsJson(notes);
  const json = JSON.parse(textOf(meta)) as Record<string, unknown>;
  if (notes === '') delete json['notes'];
  else json['notes'] = textOf(notes);
  return JSON.stringify(json);
}

const costs: Change = (_memory, row, before) => {
  if (!('amount_cents' in row)) return {};
  const set: Row = {};
  const [type, operation] = [row['event_type'] ?? '', row['operation_code'] ?? ''];
  const isUnnamed = isEmpty(operation) || operation === 'legacy_event';
  if (row['currency'] === '') set['currency'] = 'USD';
  if (before === null) {
    if (isUnnamed) set['operation_code'] = operationOf(type);
    else if (type === '') set['event_type'] = operation;
    if (row['cost_usd'] === 0) set['cost_usd'] = costOf(row['amount_cents']);
    else if (row['amount_cents'] === 0n) set['amount_cents'] = centsOf(row['cost_usd']);
    if (isBlankJson(row['meta_json'])) set['meta_json'] = notesAsJson(row['notes']);
    else if (row['notes'] === '') set['notes'] = notesIn(row['meta_json']);
    return set;
  }
  const alone = (one: string, other: string) => row[one] !== before[one] && row[other] === before[other];
  if (operationOf(type) !== operation && operation !== type) {
    if (alone('event_type', 'operation_code')) set['operation_code'] = operationOf(type);
    if (alone('operation_code', 'event_type')) set['event_type'] = operation;
  }
  if (costOf(row['amount_cents']) !== row['cost_usd'] && centsOf(row['cost_usd']) !== row['amount_cents']) {
    if (alone('amount_cents', 'cost_usd')) set['cost_usd'] = costOf(row['amount_cents']);
    if (alone('cost_usd', 'amount_cents')) set['amount_cents'] = centsOf(row['cost_usd']);
  }
  if (notesIn(row['meta_json']) !== row['notes']) {
    if (alone('notes', 'meta_json')) set['meta_json'] = withNotes(row['meta_json'], row['notes']);
    if (alone('meta_json', 'notes') && notesIn(row['meta_json']) !== notesIn(before['meta_json']))
      set['notes'] = notesIn(row['meta_json']);
  }
  return set;
};

/** A user is named only where a reference, if the column has one, allows it. */
const knownUser = (memory: Memory, column: string, user: Value | undefined): Value => {
  const reference = memory.shapes.get('audit_events')?.parents.find(({ from }) => from === column)?.table;
  return reference === undefined || memory.row(reference, user) ? (user ?? null) : null;
};
const events: Change = (memory, row, before) => {
  if (!('action' in row)) return {};
  const set: Row = {};
  const follow = (
    old: string,
    name: string,
    isBlank: (value: Value | undefined) => boolean,
    toNew: Value,
    toOld: Value,
    oldIsBlank = isEmpty(row[old]),
  ) => {
    const [differs, oldDiffers] = [toNew !== row[name], toOld !== row[old]];
    if (before === null) {
      if (isBlank(row[name]) && differs) set[name] = toNew;
      if (oldIsBlank && !isBlank(row[name]) && oldDiffers) set[old] = toOld;
    } else if (differs && oldDiffers) {
      if (row[old] !== before[old] && row[name] === before[name]) set[name] = toNew;
      if (row[name] !== before[name] && row[old] === before[old]) set[old] = toOld;
    }
  };
  const [code, action] = [row['event_code'] ?? '', row['action'] ?? ''];
  follow('action', 'event_code', (value) => isEmpty(value) || value === 'legacy_event', operationOf(action), code);
  follow(
    'details_json',
    'payload_json',
    isBlankJson,
    jsonOf(row['details_json']),
    row['payload_json'] ?? '{}',
    isBlankJson(row['details_json']),
  );
  follow(
    'user_id',
    'actor_user_id',
    isEmpty,
    knownUser(memory, 'actor_user_id', row['user_id']),
    knownUser(memory, 'user_id', row['actor_user_id']),
  );
  return set;
};

const changes: Readonly<Record<string, readonly Change[]>> = {
  cost_events: [costs],
  audit_events: [events],
  provider_accounts: [pair('meta_json', 'config_json', 'json')],
  style_guides: [pair('specs_json', 'rules_json', 'json')],
  reference_sets: [pair('title', 'name', 'text'), notesOfSet],
};

export const laterRules: Partial<Rules> = {
  inserted(memory, table, row) {
    for (const change of changes[table] ?? []) memory.change(table, row['id'], change(memory, row, null));
  },
  updated(memory, table, before, after) {
    for (const change of changes[table] ?? []) memory.change(table, after['id'], change(memory, after, before));
  },
  // Without foreign keys nothing else would let go of a run, or take along what belongs to a project.
  deleted(memory, table, row) {
    if (!memory.has('cost_events')) return;
    const id = textOf(row['id']);
    for (const cost of memory.rows('cost_events')) {
      if (table === 'runs' && cost['run_id'] === id) memory.change('cost_events', cost['id'], { run_id: null });
      if (table === 'projects' && cost['project_id'] === id) memory.drop('cost_events', textOf(cost['id']));
    }
  },
};
