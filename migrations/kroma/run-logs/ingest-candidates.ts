import { isUnlinked } from './ingest-files.ts';
import { addReport, reportGap, sameJson } from './ingest-quality.ts';
import { idOf } from './ingest-rows.ts';
import { change, file, link, type Taking } from './ingest-taking.ts';
import type { LogCandidate } from './run-log.ts';

/** One candidate of a log: its row, its files and their link, its quality report. */

interface KnownCandidate {
  readonly id: string;
  readonly status: string;
  readonly output: string | null;
  readonly final: string | null;
  readonly hard: number;
  readonly soft: number;
  readonly chroma: number;
  readonly meta: string;
}

export function takeCandidate(taking: Taking, job: string, candidate: LogCandidate): void {
  const { rows, counts } = taking;
  const known = rows.one<KnownCandidate>(
    `SELECT id, status, output_asset_id AS output, final_asset_id AS final, rank_hard_failures AS hard, rank_soft_warnings AS soft,
       rank_avg_chroma_exceed AS chroma, meta_json AS meta
     FROM run_candidates WHERE job_id = :job AND candidate_index = :index AND id IS NOT NULL`,
    { job, index: candidate.index },
  );
  const id = known?.id ?? idOf('candidate', job, candidate.index);
  const output = file(taking, candidate.output, { job, candidate: id, kind: 'candidate_output' });
  const final = file(taking, candidate.finalOutput, { job, candidate: id, kind: 'candidate_final_output' });
  const linkId = `${id}:link`;
  const isLinkNew = isUnlinked(rows, { parent: output, child: final });
  if (known === undefined) {
    addCandidate(taking, id, job, candidate, output, final);
    counts.candidates++;
  } else changeCandidate(taking, known, candidate, output, final);
  if (isLinkNew) link(taking, linkId, output, final, isLinkNew);
  takeReport(taking, { id, job, isNew: known === undefined }, candidate);
}

function addCandidate(
  { rows, now }: Taking,
  id: string,
  job: string,
  candidate: LogCandidate,
  output: string | null,
  final: string | null,
): void {
  rows.insert('run_candidates', {
    id,
    job_id: job,
    candidate_index: candidate.index,
    status: candidate.status,
    output_asset_id: output,
    final_asset_id: final,
    rank_hard_failures: candidate.hardFailures,
    rank_soft_warnings: candidate.softWarnings,
    rank_avg_chroma_exceed: candidate.avgChromaExceed,
    meta_json: candidate.metaJson,
    created_at: now,
  });
}

function changeCandidate(
  taking: Taking,
  known: KnownCandidate,
  candidate: LogCandidate,
  output: string | null,
  final: string | null,
): void {
  change(taking, 'run_candidates', known.id, {
    ...(known.status === candidate.status ? {} : { status: candidate.status }),
    ...(output === null || known.output === output ? {} : { output_asset_id: output }),
    ...(final === null || known.final === final ? {} : { final_asset_id: final }),
    ...(known.hard === candidate.hardFailures ? {} : { rank_hard_failures: candidate.hardFailures }),
    ...(known.soft === candidate.softWarnings ? {} : { rank_soft_warnings: candidate.softWarnings }),
    ...(known.chroma === candidate.avgChromaExceed ? {} : { rank_avg_chroma_exceed: candidate.avgChromaExceed }),
    ...(sameJson(known.meta, candidate.metaJson) ? {} : { meta_json: candidate.metaJson }),
  });
}

function takeReport(
  { rows, project, run, now, counts }: Taking,
  { id, job, isNew }: { id: string; job: string; isNew: boolean },
  candidate: LogCandidate,
): void {
  const gap = reportGap(rows, id, candidate, isNew);
  if (gap === 'none') return;
  if (gap === 'missing') addReport(rows, { project, run, job, candidate: id, now }, candidate);
  else rows.update('quality_reports', gap.id, { summary_json: gap.summary });
  // The report that a trigger made for a candidate that was not there before is part of taking it in.
  if (gap === 'missing' || isNew) counts.qualityReports++;
  else counts.updated++;
}
