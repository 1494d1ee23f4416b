import type { Migration } from '@engine/migration.ts';
import { shopMigrations, shopPack } from './shop-pack.ts';

/** The pack with one migration more, which is to go wrong or to be looked at. */
export const packWith = (migration: Partial<Migration>) =>
  shopPack({
    ...shopMigrations,
    '0003_extra': {
      ...{ phase: 1, kind: 'expand', title: 'Extra', what: [], effect: { grows: [], changes: {} } },
      ...{ up: () => {}, shape: () => [], verify: () => [] },
      ...migration,
    },
  });
