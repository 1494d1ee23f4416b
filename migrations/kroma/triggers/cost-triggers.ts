import { valueMayBreakRuleOf } from '../rules/own-rule.ts';
import { isNumber, isObject, notesIn, quoted, saysNothing } from '../rules/quality-summary.ts';

/**
 * What old and new columns of a cost say of each other, as SQL, and the triggers that keep them in step. Part of the cost
 * events' migration and as immutable as it is. Built-in functions and old syntax only; no trigger aborts another
 * program's write.
 */
type Triggers = Readonly<Record<string, string>>;

/** An operation that says nothing. */
export const isUnnamed = (operation: string): string => `ifnull(${operation}, '') IN ('', 'legacy_event')`;
export const operationOf = (eventType: string): string =>
  `CASE WHEN ifnull(${eventType}, '') = '' THEN 'legacy_event' ELSE ${eventType} END`;
/** Cents are no dollars where the currency is another, but hundredths of it all the same. */
export const costOf = (cents: string): string => `CASE WHEN ${isNumber(cents)} THEN ${cents} / 100.0 ELSE 0.0 END`;
/** An amount that a cost can say: a number, and one of which hundredths leave more than nothing. */
export const isAmount = (cents: string): string => `(${isNumber(cents)} AND (${cents} = 0 OR ${cents} / 100.0 <> 0))`;
export const centsOf = (cost: string): string =>
  `CASE WHEN ${isNumber(cost)} AND abs(${cost}) < 9e16 THEN CAST(round(${cost} * 100) AS INTEGER) ELSE 0 END`;
export const metaOf = (notes: string): string =>
  `CASE WHEN ifnull(${notes}, '') = '' THEN '{}' ELSE '{"notes":' || ${quoted(notes)} || '}' END`;

const set = (column: string, condition: string, value: string) =>
  `${column} = CASE WHEN ${condition} AND NOT ${valueMayBreakRuleOf('cost_events', column, value)} THEN ${value} ELSE ${column} END`;
/** One update that sets each of these columns where its condition holds; no trigger at all where none does. */
const trigger = (
  name: string,
  event: string,
  changes: readonly (readonly [column: string, condition: string, value: string])[],
) => `CREATE TRIGGER ${name} AFTER ${event} ON cost_events
  WHEN ${changes.map(([, condition]) => `(${condition})`).join('\n    OR ')}
  BEGIN
    UPDATE cost_events SET ${changes.map(([column, condition, value]) => set(column, condition, value)).join(',\n        ')}
      WHERE rowid = NEW.rowid;
  END`;
const changedAlone = (one: string, other: string) => `NEW.${one} IS NOT OLD.${one} AND NEW.${other} IS OLD.${other}`;

/** Both sides say the same already, each in its own words: then neither answers the other. */
const differ = {
  operation: `(${operationOf('NEW.event_type')}) IS NOT NEW.operation_code AND NEW.operation_code IS NOT NEW.event_type`,
  cost: `(${costOf('NEW.amount_cents')}) IS NOT NEW.cost_usd AND (${centsOf('NEW.cost_usd')}) IS NOT NEW.amount_cents`,
  // A note that is no text is said as text.
  notes: `${notesIn('NEW.meta_json')} IS NOT CAST(NEW.notes AS TEXT)`,
};
const canTakeNotes = `(${saysNothing('NEW.meta_json')} OR ${isObject('NEW.meta_json')})`;
const metaWithNotes = `CASE WHEN ${saysNothing('NEW.meta_json')} THEN ${metaOf('NEW.notes')}
          WHEN NEW.notes = '' THEN json_remove(NEW.meta_json, '$.notes') ELSE json_set(NEW.meta_json, '$.notes', CAST(NEW.notes AS TEXT)) END`;

/** Programs that know only the old columns write them, and the new ones follow. */
export const costTriggers: Triggers = {
  _phasewise_0014_costs_insert: trigger('_phasewise_0014_costs_insert', 'INSERT', [
    [
      'operation_code',
      `${isUnnamed('NEW.operation_code')} AND (${operationOf('NEW.event_type')}) IS NOT NEW.operation_code`,
      operationOf('NEW.event_type'),
    ],
    ['cost_usd', `NEW.cost_usd = 0 AND (${costOf('NEW.amount_cents')}) <> 0`, costOf('NEW.amount_cents')],
    [
      'meta_json',
      `${saysNothing('NEW.meta_json')} AND (${metaOf('NEW.notes')}) IS NOT NEW.meta_json`,
      metaOf('NEW.notes'),
    ],
    ['currency', `NEW.currency = ''`, `'USD'`],
  ]),
  _phasewise_0014_costs_update: trigger(
    '_phasewise_0014_costs_update',
    'UPDATE OF event_type, amount_cents, notes, currency',
    [
      [
        'operation_code',
        `${changedAlone('event_type', 'operation_code')} AND ${differ.operation}`,
        operationOf('NEW.event_type'),
      ],
      ['cost_usd', `${changedAlone('amount_cents', 'cost_usd')} AND ${differ.cost}`, costOf('NEW.amount_cents')],
      ['meta_json', `${changedAlone('notes', 'meta_json')} AND ${canTakeNotes} AND ${differ.notes}`, metaWithNotes],
      ['currency', `NEW.currency = ''`, `'USD'`],
    ],
  ),
};

/** Programs that know only the new columns write them, and the old ones follow. */
export const costFollowTriggers: Triggers = {
  _phasewise_0014_costs_insert_follows: trigger('_phasewise_0014_costs_insert_follows', 'INSERT', [
    ['event_type', `NEW.event_type = '' AND NOT ${isUnnamed('NEW.operation_code')}`, 'NEW.operation_code'],
    ['amount_cents', `NEW.amount_cents = 0 AND (${centsOf('NEW.cost_usd')}) <> 0`, centsOf('NEW.cost_usd')],
    ['notes', `NEW.notes = '' AND ${notesIn('NEW.meta_json')} <> ''`, notesIn('NEW.meta_json')],
  ]),
  _phasewise_0014_costs_update_follows: trigger(
    '_phasewise_0014_costs_update_follows',
    'UPDATE OF operation_code, cost_usd, meta_json',
    [
      ['event_type', `${changedAlone('operation_code', 'event_type')} AND ${differ.operation}`, 'NEW.operation_code'],
      ['amount_cents', `${changedAlone('cost_usd', 'amount_cents')} AND ${differ.cost}`, centsOf('NEW.cost_usd')],
      [
        'notes',
        `${changedAlone('meta_json', 'notes')} AND ${notesIn('NEW.meta_json')} IS NOT ${notesIn('OLD.meta_json')} AND ${differ.notes}`,
        notesIn('NEW.meta_json'),
      ],
    ],
  ),
};

/** Where foreign keys are off, nothing else would let go of a run or take the costs of a project along. */
export const costReferenceTriggers: Triggers = {
  _phasewise_0014_runs_delete: `CREATE TRIGGER _phasewise_0014_runs_delete AFTER DELETE ON runs
  BEGIN
    UPDATE cost_events SET run_id = NULL WHERE run_id = OLD.id;
  END`,
  _phasewise_0014_projects_delete: `CREATE TRIGGER _phasewise_0014_projects_delete AFTER DELETE ON projects
  BEGIN
    DELETE FROM cost_events WHERE project_id = OLD.id;
  END`,
};
