import { eventResources } from './api-contract-events.ts';
import { knowledgeResources } from './api-contract-knowledge.ts';
import { runResources } from './api-contract-runs.ts';
import type { ApiField, ApiResource } from './api-contract-types.ts';

/**
 * What the program's HTTP interface promises, as data: every resource, its fields, and the query that answers it. The
 * queries name canonical columns and approved extensions only; that they do is proved by preparing them on a schema
 * that has nothing else. Keys of answers that still sound old (rel_path, amount_cents, …) are derived from new columns.
 */
export type { ApiField, ApiResource, ApiType } from './api-contract-types.ts';

export const apiContract: readonly ApiResource[] = [...runResources, ...eventResources, ...knowledgeResources];

/** True when the file has this column. */
export type HasColumn = (table: string, column: string) => boolean;

/** SQL of a field: the extension that it needs may be missing in a file that never had it. */
export const sqlOf = ({ sql, extension }: ApiField, has: HasColumn): string =>
  extension === undefined || has(extension.table, extension.column) ? sql : extension.otherwise;

/** The query of the list: `:scope` is the id of the project, run or set that the path names, `:limit` where it has one. */
export function listQuery(resource: ApiResource, has: HasColumn): string {
  const fields = resource.fields.map((field) => `${sqlOf(field, has)} AS ${field.name}`);
  const limit = resource.limit === null ? '' : '\nLIMIT :limit';
  return `SELECT ${fields.join(',\n  ')}\nFROM ${resource.from}\nWHERE ${resource.scope} = :scope\nORDER BY ${resource.order}${limit}`;
}

/** All rows that some path of the resource can answer, with their key, for looking at every one of them. */
export function everyRowQuery(resource: ApiResource, has: HasColumn): string {
  const fields = resource.fields.map((field, at) => `${sqlOf(field, has)} AS f${at}`);
  return `SELECT ${resource.key} AS row_key, ${fields.join(', ')} FROM ${resource.from}`;
}
