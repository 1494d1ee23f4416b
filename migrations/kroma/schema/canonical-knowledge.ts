import type { CanonicalTable } from '@engine/migration.ts';
import { FINAL, flag, id, integer, json, owner, prose, real, required, text, word } from './canonical-columns.ts';

/** Phase 4: provider accounts, the creative knowledge of a project, and how assets derive from each other. */

const providerAccounts: CanonicalTable = {
  name: 'provider_accounts',
  group: 'Providers and secrets',
  priority: 'must-v1',
  phase: 4,
  columns: [
    id(),
    owner('project_id', 'projects'),
    required('provider_code'),
    flag('is_enabled', '1', { phase: 4 }),
    json('config_json', { legacyName: 'meta_json', phase: 4 }),
    required('created_at'),
    required('updated_at'),
    // A key in plain text. It is never shown, and never dropped without a decision of its owner.
    prose('api_key', { isExtension: true, isSensitive: true }),
  ],
  uniques: [['project_id', 'provider_code']],
  indexes: [],
  legacyColumns: { meta_json: 'config_json' },
};

const styleGuides: CanonicalTable = {
  name: 'style_guides',
  group: 'Knowledge',
  priority: 'later',
  phase: 4,
  columns: [
    id(),
    owner('project_id', 'projects'),
    required('name'),
    prose('description'),
    json('rules_json', { legacyName: 'specs_json', phase: 4 }),
    flag('is_default', '0', { phase: 4 }),
    required('created_at'),
    required('updated_at'),
  ],
  uniques: [],
  indexes: [],
  legacyColumns: { specs_json: 'rules_json' },
};

const characters: CanonicalTable = {
  name: 'characters',
  group: 'Knowledge',
  priority: 'later',
  phase: 4,
  columns: [
    id(),
    owner('project_id', 'projects'),
    required('code'),
    required('name'),
    prose('bio'),
    json('identity_constraints_json', { phase: 4 }),
    required('created_at'),
    required('updated_at'),
  ],
  uniques: [['project_id', 'code']],
  indexes: [],
};

const referenceSets: CanonicalTable = {
  name: 'reference_sets',
  group: 'Knowledge',
  priority: 'later',
  phase: 4,
  columns: [
    id(),
    owner('project_id', 'projects'),
    required('name', { legacyName: 'title', phase: 4, constraintsPhase: FINAL }),
    word('kind', ['style', 'character', 'scene', 'lighting', 'other'], { phase: 4, constraintsPhase: FINAL }),
    json('metadata_json', { phase: 4 }),
    required('created_at'),
    required('updated_at'),
    // The interface answers it beside metadata_json, so it is no old name of that.
    prose('notes', { isExtension: true }),
  ],
  uniques: [],
  indexes: [],
  legacyColumns: { title: 'name' },
};

const referenceItems: CanonicalTable = {
  name: 'reference_items',
  group: 'Knowledge',
  priority: 'later',
  phase: 4,
  columns: [
    id(),
    owner('reference_set_id', 'reference_sets'),
    owner('asset_id', 'assets'),
    real('weight', { notNull: true, defaultSql: '1.0', phase: 4 }),
    prose('notes'),
    required('created_at'),
  ],
  uniques: [['reference_set_id', 'asset_id']],
  indexes: [],
};

const promptTemplates: CanonicalTable = {
  name: 'prompt_templates',
  group: 'Knowledge',
  priority: 'later',
  phase: 4,
  columns: [
    id(),
    owner('project_id', 'projects'),
    required('name'),
    required('stage', { phase: 4, constraintsPhase: FINAL }),
    required('template_text'),
    integer('version', { notNull: true, defaultSql: '1', phase: 4 }),
    flag('is_active', '1', { phase: 4 }),
    required('created_at'),
    text('updated_at', { isExtension: true }),
  ],
  uniques: [],
  indexes: [],
};

const assetLinks: CanonicalTable = {
  name: 'asset_links',
  group: 'Assets',
  priority: 'later',
  phase: 4,
  columns: [
    id(),
    owner('project_id', 'projects'),
    owner('parent_asset_id', 'assets'),
    owner('child_asset_id', 'assets'),
    word('link_type', ['derived_from', 'variant_of', 'mask_for', 'reference_of']),
    required('created_at'),
  ],
  uniques: [['parent_asset_id', 'child_asset_id', 'link_type']],
  indexes: [],
};

export const knowledgeTables: readonly CanonicalTable[] = [
  providerAccounts,
  styleGuides,
  characters,
  referenceSets,
  referenceItems,
  promptTemplates,
  assetLinks,
];
