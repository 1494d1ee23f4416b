import { mayBreakRuleOf } from '../rules/own-rule.ts';

/**
 * What keeps the links between files in step while other programs write candidates, jobs and files. Part of the links'
 * migration and as immutable as it is. Built-in functions and old syntax only, and every insert is guarded: a trigger
 * that fails, or repeats an outer OR REPLACE, would spoil another program's write.
 */
const linkColumns = ['project_id', 'parent_asset_id', 'child_asset_id', 'link_type', 'created_at'];
const utcNow = `strftime('%Y-%m-%dT%H:%M:%SZ', 'now')`;

/** Links two files of one project, unless they are linked already. */
const linkOnce = (idBase: string, parent: string, child: string, from: string): string => `
    INSERT INTO asset_links (id, project_id, parent_asset_id, child_asset_id, link_type, created_at)
      SELECT CASE WHEN EXISTS (SELECT 1 FROM asset_links WHERE id = ${idBase} || ':link')
          THEN ${idBase} || ':link:' || lower(hex(randomblob(8))) ELSE ${idBase} || ':link' END,
        r.project_id, p.id, c.id, 'derived_from', ${utcNow}
      ${from} AND ${idBase} IS NOT NULL AND p.id = ${parent} AND c.id = ${child} AND p.id <> c.id AND p.id <> '' AND c.id <> ''
        AND p.project_id = r.project_id AND c.project_id = r.project_id
        AND EXISTS (SELECT 1 FROM projects WHERE id = r.project_id)
        AND NOT EXISTS (SELECT 1 FROM asset_links
          WHERE parent_asset_id = p.id AND child_asset_id = c.id AND link_type = 'derived_from')
        AND NOT ${mayBreakRuleOf('asset_links', linkColumns)};`;

const ofCandidate = linkOnce(
  'NEW.id',
  'NEW.output_asset_id',
  'NEW.final_asset_id',
  `FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id CROSS JOIN assets AS p CROSS JOIN assets AS c
      WHERE j.id = NEW.job_id`,
);
/** NEW is a candidate that its job has chosen, or becomes so. */
const ofItsJob = linkOnce(
  'j.id',
  `coalesce(nullif(NEW.final_asset_id, ''), nullif(NEW.output_asset_id, ''))`,
  'j.final_asset_id',
  `FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id CROSS JOIN assets AS p CROSS JOIN assets AS c
      WHERE j.id = NEW.job_id AND j.selected_candidate_index = NEW.candidate_index`,
);
const ofJob = linkOnce(
  'NEW.id',
  `(SELECT coalesce(nullif(t.final_asset_id, ''), nullif(t.output_asset_id, '')) FROM run_candidates AS t
          WHERE t.job_id = NEW.id AND t.candidate_index = NEW.selected_candidate_index)`,
  'NEW.final_asset_id',
  `FROM runs AS r CROSS JOIN assets AS p CROSS JOIN assets AS c WHERE r.id = NEW.run_id`,
);

export const linkTriggers: Readonly<Record<string, string>> = {
  _phasewise_0008_run_candidates_insert: `CREATE TRIGGER _phasewise_0008_run_candidates_insert AFTER INSERT ON run_candidates
  BEGIN${ofCandidate}${ofItsJob}
  END`,
  _phasewise_0008_run_candidates_update: `CREATE TRIGGER _phasewise_0008_run_candidates_update
  AFTER UPDATE OF job_id, candidate_index, output_asset_id, final_asset_id ON run_candidates
  WHEN NEW.id IS OLD.id
  BEGIN${ofCandidate}${ofItsJob}
  END`,
  _phasewise_0008_run_jobs_update: `CREATE TRIGGER _phasewise_0008_run_jobs_update
  AFTER UPDATE OF run_id, selected_candidate_index, final_asset_id ON run_jobs
  BEGIN${ofJob}
  END`,
  // With foreign keys off nothing else would take the links of a file along.
  _phasewise_0008_assets_delete: `CREATE TRIGGER _phasewise_0008_assets_delete AFTER DELETE ON assets
  BEGIN
    DELETE FROM asset_links WHERE parent_asset_id = OLD.id;
    DELETE FROM asset_links WHERE child_asset_id = OLD.id;
  END`,
};
