/**
 * json: a JSON text; object: a JSON text of an object. number: whole or not. boolean: 0 or 1.
 */
export type ApiType = 'text' | 'integer' | 'number' | 'boolean' | 'json' | 'object';

export interface ApiField {
  readonly name: string;
  readonly type: ApiType;
  readonly isNullable: boolean;
  /** Over canonical columns, with the aliases of the resource's `from`. */
  readonly sql: string;
  /** A column kept on purpose that not every file has, and what answers where it is missing. */
  readonly extension?: { readonly table: string; readonly column: string; readonly otherwise: string };
}

export interface ApiResource {
  readonly id: string;
  /** Below /api/projects/{slug}. Lists and single objects have the same fields. */
  readonly paths: readonly string[];
  /** The key of the answer that holds the rows. */
  readonly answer: string;
  /** From which phase its columns are there. */
  readonly phase: 3 | 4;
  readonly table: string;
  /** SQL: the tables with their aliases. */
  readonly from: string;
  /** SQL: the key of a row. */
  readonly key: string;
  /** SQL: what the path narrows the list to. */
  readonly scope: string;
  /** The table whose ids the scope takes. */
  readonly scopeTable: 'projects' | 'runs' | 'run_jobs' | 'reference_sets';
  readonly order: string;
  /** Rows of a list: without `limit`, and at most. */
  readonly limit: { readonly usual: number; readonly most: number } | null;
  readonly fields: readonly ApiField[];
}

type Made = (name: string, sql?: string, extension?: ApiField['extension']) => ApiField;

/** Makes fields of a table: `sql` is the column of the same name unless it says otherwise. */
export function fieldsOf(alias: string) {
  const make =
    (type: ApiType, isNullable: boolean): Made =>
    (name, sql = `${alias}.${name}`, extension) => ({
      name,
      type,
      isNullable,
      sql,
      ...(extension === undefined ? {} : { extension }),
    });
  return {
    text: make('text', false),
    optionalText: make('text', true),
    integer: make('integer', false),
    optionalInteger: make('integer', true),
    number: make('number', false),
    boolean: make('boolean', false),
    json: make('json', false),
    object: make('object', false),
  };
}

/** A member of a JSON object, without failing where the text is no JSON. */
export const memberOf = (json: string, member: string, otherwise: string): string =>
  `coalesce(CASE WHEN json_valid(${json}) THEN json_extract(${json}, '$.${member}') END, ${otherwise})`;
