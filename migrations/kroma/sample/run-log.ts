import type { Clock } from './clock.ts';
import type { Project } from './people.ts';
import { prompt, scenes } from './words.ts';
import type { Random } from './random.ts';

/** What the image pipeline writes per run; only the fields that the program reads or keeps are listed. */
export interface RunLog {
  timestamp: string;
  mode: 'run' | 'dry';
  stage: string;
  time: string;
  weather: string;
  model: string | null;
  size: string;
  quality: string;
  generation: Record<string, unknown>;
  postprocess: Postprocess;
  output_guard: Guard;
  jobs: LogJob[];
}
export interface LogJob {
  id: string;
  status: string;
  selected_candidate?: number | null;
  final_output?: string | null;
  candidates?: LogCandidate[];
  [more: string]: unknown;
}
export interface LogCandidate {
  candidate_index: number;
  output: string;
  final_output?: string;
  status: string;
  rank: { hard_failures: number; soft_warnings: number; avg_chroma_exceed: number };
  [more: string]: unknown;
}
interface Postprocess extends Record<string, unknown> {
  bg_remove: boolean;
  upscale: boolean;
  color: boolean;
}
interface Guard extends Record<string, unknown> {
  enabled: boolean;
  max_chroma_delta: number;
}

const stages = ['style', 'time', 'weather'] as const;

/** One believable run of a project. Job ids repeat from run to run, so later runs write the same files again. */
export function makeRunLog(random: Random, clock: Clock, project: Project): RunLog {
  const stage = random.pick(stages);
  const postprocess = makePostprocess(random);
  const guard = {
    enabled: random.chance(0.9),
    enforce_grayscale: false,
    max_chroma_delta: random.pick([1.5, 2]),
    fail_on_chroma_exceed: random.chance(0.6),
  };
  const mode = random.chance(0.06) ? 'dry' : 'run';
  const wanted = random.pick([1, 2, 3, 3, 4]);
  const first = random.int(0, scenes.length - 1);
  const log = {
    timestamp: clock.nowWithMilliseconds(),
    mode,
    stage,
    time: random.pick(['day', 'night']),
    weather: random.pick(['clear', 'rain']),
    model: random.chance(0.05) ? null : random.pick(['gpt-image-1', 'gpt-image-1', 'flux-local']),
    size: random.pick(['1024x1024', '1024x1536', '1536x1024']),
    quality: random.pick(['medium', 'high']),
    generation: { candidates: wanted, max_candidates: 6 },
    postprocess,
    output_guard: guard,
  } as const;
  const jobs = Array.from({ length: random.int(3, 7) }, (_, index) => {
    const scene = scenes[(first + index) % scenes.length] ?? 'pier';
    const frame = { id: `${stage}_${index + 1}_${scene}`, mode: stage, time: log.time, weather: log.weather };
    const input = { input_images: [`scenes/${scene}.png`, 'references/ink wash.png'], prompt: prompt(random) };
    return mode === 'dry'
      ? plannedJob({ ...frame, ...input }, log)
      : doneJob({ ...frame, ...input }, random, project, log, wanted);
  });
  return { ...log, jobs };
}

function makePostprocess(random: Random): Postprocess {
  const [bg_remove, upscale, color] = [random.chance(0.3), random.chance(0.25), random.chance(0.4)];
  const order = [
    'generate',
    ...(bg_remove ? ['bg_remove'] : []),
    ...(upscale ? ['upscale'] : []),
    ...(color ? ['color'] : []),
  ];
  return {
    upscale, upscale_backend: upscale ? 'python' : null, color, color_profile: color ? 'neutral' : null, bg_remove,
    bg_remove_backends: bg_remove ? ['rembg'] : [], bg_refine_openai: false, bg_refine_openai_required: false, pipeline_order: order,
  }; // prettier-ignore
}

type Frame = { id: string } & Record<string, unknown>;

const plannedJob = (frame: Frame, log: Pick<RunLog, 'generation' | 'postprocess' | 'output_guard'>): LogJob => ({
  ...frame,
  status: 'planned',
  planned_generation: log.generation,
  planned_postprocess: log.postprocess,
  planned_output_guard: log.output_guard,
});

function doneJob(frame: Frame, random: Random, project: Project, log: Omit<RunLog, 'jobs'>, wanted: number): LogJob {
  const candidates = Array.from({ length: wanted }, (_, index) =>
    makeCandidate(frame.id, index + 1, wanted, random, project, log),
  );
  const winner = candidates
    .filter(({ status }) => status === 'done')
    .sort(
      (a, b) => a.rank.soft_warnings - b.rank.soft_warnings || a.rank.avg_chroma_exceed - b.rank.avg_chroma_exceed,
    )[0];
  if (!winner) {
    const failure_reason = 'all_candidates_failed_output_guard';
    return {
      ...frame,
      status: 'failed_output_guard',
      failure_reason,
      selected_candidate: null,
      final_output: null,
      candidates,
    };
  }
  const final = winner.final_output ?? winner.output;
  return {
    ...frame,
    status: 'done',
    selected_candidate: winner.candidate_index,
    final_output: final,
    output: final,
    candidates,
  };
}

function makeCandidate(
  jobId: string,
  index: number,
  wanted: number,
  random: Random,
  project: Project,
  log: Omit<RunLog, 'jobs'>,
): LogCandidate {
  const base = wanted === 1 ? jobId : `${jobId}__c${index}`;
  const output = `${project.root}/outputs/${base}.png`;
  const chain = postprocessed(base, output, project, log.postprocess);
  const delta = Math.round(random.next() ** 3 * 90_000) / 10_000;
  const exceed = Math.max(0, Math.round((delta - log.output_guard.max_chroma_delta) * 10_000) / 10_000);
  const isFailed = log.output_guard.enabled && exceed > 0 && random.chance(0.5);
  const isWarned = log.output_guard.enabled && exceed > 0 && !isFailed;
  const rank = { hard_failures: isFailed ? 1 : 0, soft_warnings: isWarned ? 1 : 0, avg_chroma_exceed: exceed };
  const reasons = ['chroma_exceeds_threshold'];
  const file = {
    file: chain.last,
    chroma_delta: delta,
    grayscale_like: delta < 1,
    hard_fail_reasons: isFailed ? reasons : [],
    soft_warnings: isWarned ? reasons : [],
  };
  const summary = { total_files: 1, hard_failures: rank.hard_failures, soft_warnings: rank.soft_warnings };
  return {
    candidate_index: index,
    output,
    status: isFailed ? 'failed_output_guard' : 'done',
    rank,
    ...chain.steps,
    ...(log.output_guard.enabled && {
      output_guard: {
        checked_input: chain.last,
        summary,
        files: [file],
        ...(isFailed && { bad_archive: archived(project, base, log.timestamp) }),
      },
    }),
    ...(!isFailed && { final_output: chain.last }),
  };
}

const archived = (project: Project, base: string, timestamp: string): string =>
  `${project.root}/archive/bad/${base}_bad_${timestamp.replace(/[:.]/g, '-')}.png`;

/** The files that follow the first one, each named after the one before. */
function postprocessed(base: string, output: string, project: Project, settings: Postprocess) {
  const steps: Record<string, unknown> = {};
  let [name, last] = [base, output];
  const follow = (folder: string, suffix: string): { input: string; output: string } => {
    const input = last;
    name += suffix;
    last = `${project.root}/${folder}/${name}.png`;
    return { input, output: last };
  };
  if (settings.bg_remove)
    steps['bg_remove'] = {
      ...follow('background_removed', '_nobg'),
      backend: 'rembg',
      backends_tried: ['rembg'],
      refine_openai: false,
      refine_error: null,
    };
  if (settings.upscale)
    steps['upscale'] = { backend: 'python', ...follow('upscaled', '_x2'), scale: 2, model: 'RealESRGAN_x4plus' };
  if (settings.color)
    steps['color'] = {
      ...follow('color_corrected', '_neutral'),
      profile: 'neutral',
      settings: 'settings/color-correction.json',
    };
  return { steps, last };
}
