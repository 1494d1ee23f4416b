import { fieldsOf, memberOf, type ApiField, type ApiResource } from './api-contract-types.ts';

/** What phase 4 brings into its final shape: knowledge of a project, its providers, and how files derive from each other. */
const s = fieldsOf('s');

/** A list of a project's rows, and single ones by id; most of these tables are answered column by column. */
const ofProject = (
  more: Pick<ApiResource, 'id' | 'answer' | 'table' | 'order' | 'paths'> & { fields: readonly ApiField[] },
): ApiResource => ({
  phase: 4,
  from: `${more.table} AS s`,
  key: 's.id',
  scope: 's.project_id',
  scopeTable: 'projects',
  limit: null,
  ...more,
  fields: [s.text('id'), s.text('project_id'), ...more.fields],
});
const times = [s.text('created_at'), s.text('updated_at')];
const all = (path: string, id = 'id') => [
  `GET ${path}`,
  `POST ${path}`,
  ...['GET', 'PUT', 'DELETE'].map((method) => `${method} ${path}/{${id}}`),
];

/** An account has a key when one is stored for its provider; the plain-text column of early files still counts. */
const hasSecret = `EXISTS (SELECT 1 FROM project_api_secrets AS k
    WHERE k.project_id = s.project_id AND k.provider_code = s.provider_code)`;

export const knowledgeResources: readonly ApiResource[] = [
  ofProject({
    id: 'style-guides',
    paths: all('/style-guides'),
    answer: 'style_guides',
    table: 'style_guides',
    order: 's.is_default DESC, s.name, s.id',
    fields: [s.text('name'), s.text('description'), s.object('rules_json'), s.boolean('is_default'), ...times],
  }),
  ofProject({
    id: 'characters',
    paths: all('/characters'),
    answer: 'characters',
    table: 'characters',
    order: 's.code',
    fields: [s.text('code'), s.text('name'), s.text('bio'), s.object('identity_constraints_json'), ...times],
  }),
  ofProject({
    id: 'reference-sets',
    paths: all('/reference-sets'),
    answer: 'reference_sets',
    table: 'reference_sets',
    order: 's.created_at DESC, s.id',
    fields: [
      s.text('name'),
      s.text('kind'),
      s.object('metadata_json'),
      s.text('notes', 's.notes', {
        ...{ table: 'reference_sets', column: 'notes' },
        otherwise: memberOf('s.metadata_json', 'notes', `''`),
      }),
      ...times,
    ],
  }),
  {
    id: 'reference-items',
    paths: all('/reference-sets/{id}/items', 'itemId'),
    answer: 'reference_items',
    phase: 4,
    table: 'reference_items',
    from: 'reference_items AS s',
    key: 's.id',
    scope: 's.reference_set_id',
    scopeTable: 'reference_sets',
    order: 's.created_at, s.id',
    limit: null,
    fields: [
      s.text('id'),
      s.text('reference_set_id'),
      s.text('asset_id'),
      s.number('weight'),
      s.text('notes'),
      s.text('created_at'),
    ],
  },
  ofProject({
    id: 'provider-accounts',
    paths: all('/provider-accounts', 'providerCode'),
    answer: 'provider_accounts',
    table: 'provider_accounts',
    order: 's.provider_code',
    fields: [
      s.text('provider_code'),
      s.boolean('is_enabled'),
      s.object('config_json'),
      s.boolean('has_api_key', `(ifnull(s.api_key, '') <> '' OR ${hasSecret})`, {
        ...{ table: 'provider_accounts', column: 'api_key' },
        otherwise: hasSecret,
      }),
      ...times,
    ],
  }),
  ofProject({
    id: 'prompt-templates',
    paths: all('/prompt-templates'),
    answer: 'prompt_templates',
    table: 'prompt_templates',
    order: 's.name, s.id',
    fields: [
      s.text('name'),
      s.text('template_text'),
      s.text('created_at'),
      s.text('updated_at', 's.updated_at', {
        ...{ table: 'prompt_templates', column: 'updated_at' },
        otherwise: 's.created_at',
      }),
    ],
  }),
  ofProject({
    id: 'asset-links',
    paths: all('/asset-links'),
    answer: 'asset_links',
    table: 'asset_links',
    order: 's.created_at, s.id',
    fields: [s.text('parent_asset_id'), s.text('child_asset_id'), s.text('link_type'), s.text('created_at')],
  }),
];
