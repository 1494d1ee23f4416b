import type { Phase } from '@engine/migration.ts';
import { safetyBaselineCriteria } from './criteria/baseline.ts';
import { canonicalCoreCriteria } from './criteria/core.ts';
import { eventCriteria } from './criteria/events.ts';
import { contractCriteria } from './criteria/contract.ts';
import { knowledgeCriteria } from './criteria/knowledge.ts';
import { finalCriteria } from './criteria/final.ts';

/** The plan's six phases. */
export const phases: readonly Phase[] = [
  {
    number: 0,
    name: 'Safety baseline',
    scope:
      'Makes sure the file is whole, keeps a verified backup of it, and notes what it holds before anything changes.',
    removesAnything: false,
    isAvailable: true,
    exitCriteria: safetyBaselineCriteria,
  },
  {
    number: 1,
    name: 'Canonical core',
    scope:
      'Adds the new names for users, projects, storage, secrets, files, runs, jobs and candidates beside the old ones, fills them, and keeps both in step.',
    removesAnything: false,
    isAvailable: true,
    exitCriteria: canonicalCoreCriteria,
  },
  {
    number: 2,
    name: 'Event tables',
    scope: 'Adds quality reports, cost events and audit events, filled from the candidates and the run logs.',
    removesAnything: false,
    isAvailable: true,
    exitCriteria: eventCriteria,
  },
  {
    number: 3,
    name: 'API contract',
    scope: 'Makes the interface of the program read the new names. It changes nothing in the file.',
    removesAnything: false,
    isAvailable: true,
    exitCriteria: contractCriteria,
  },
  {
    number: 4,
    name: 'Extended canonicalisation',
    scope:
      'Brings provider accounts, style guides, characters, references, prompt templates and links between files into their final shape.',
    removesAnything: false,
    isAvailable: true,
    exitCriteria: knowledgeCriteria,
  },
  {
    number: 5,
    name: 'Legacy cleanup',
    scope: 'Removes the old tables and columns and makes every rule of the new schema final.',
    removesAnything: true,
    isAvailable: true,
    exitCriteria: finalCriteria,
  },
];
