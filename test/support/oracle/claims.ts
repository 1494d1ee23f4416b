import { backendOf } from './assets.ts';
import { compareTexts, compareTimes } from './instants.ts';
import { AssetIndex, pathKey } from './paths.ts';
import { NOW, type Work } from './phase1.ts';
import { byId, fillEmpty, groupBy, rowsOf, textOf, type Row, type Value } from './rows.ts';

/** A row that names a file by its path. Candidates come before jobs, jobs before exports. */
export interface Claim {
  readonly rank: 0 | 1 | 2;
  readonly projectId: string;
  readonly path: string;
  readonly claimant: Row;
  /** 0 for a first file, 1 for a final one. */
  readonly order: number;
  readonly kind: 'candidate_output' | 'candidate_final_output' | 'job_final_output' | 'export';
  /** What a hit fills where it is empty, and a new asset gets. */
  readonly credit: { run_id: Value; job_id: Value; candidate_id: Value };
}

const suffixes = {
  candidate_output: 'output',
  candidate_final_output: 'final',
  job_final_output: 'final-output',
  export: 'export',
};

/** Files by project and path: finds what is registered and registers what is not, each path credited to its first claimant. */
export class Files {
  private readonly index: AssetIndex;
  private readonly projects: Map<string, Row>;
  private readonly work: Work;

  constructor(work: Work) {
    this.work = work;
    this.index = new AssetIndex(rowsOf(work.tables, 'assets'));
    this.projects = byId(rowsOf(work.tables, 'projects'));
  }

  /** Settles all claims of one kind of row at once, so that their order in the file does not matter. */
  settle(claims: readonly Claim[]): void {
    const groups = groupBy(
      claims.filter(({ path }) => path !== ''),
      ({ projectId, path }) => `${projectId}\0${path}`,
    );
    // Two paths may lead to one asset (its address and its old path): the earlier claim fills it first.
    for (const first of [...groups.values()]
      .map((group) => [...group].sort(byPrecedence)[0] as Claim)
      .sort(byPrecedence)) {
      const asset = this.index.find(first.projectId, first.path);
      if (!asset) this.register(first);
      else if (first.rank < 2)
        for (const [column, value] of Object.entries(first.credit)) fillEmpty(asset, column, value);
    }
  }

  /** @returns the id of the asset that a path of the project names. */
  find(projectId: string, path: Value | undefined): Value {
    const key = pathKey(path);
    return key === '' ? null : (this.index.find(projectId, key)?.['id'] ?? null);
  }

  private register(claim: Claim): void {
    if (!this.projects.has(claim.projectId)) return; // its foreign key could not hold
    const mark = '{"source":"phase3_backfill"}';
    const asset: Row = {
      id: `${textOf(claim.claimant['id'])}:${suffixes[claim.kind]}`,
      project_id: claim.projectId,
      ...claim.credit,
      asset_kind: claim.kind,
      rel_path: claim.path,
      sha256: null,
      meta_json: mark,
      created_at: NOW,
      kind: claim.kind,
      storage_uri: claim.path,
      metadata_json: mark,
      storage_backend: backendOf(claim.path),
      mime_type: null,
      width: null,
      height: null,
    };
    const assets = rowsOf(this.work.tables, 'assets');
    if (!this.work.tables.has('assets')) this.work.tables.set('assets', assets);
    assets.push(asset);
    this.index.add(asset);
  }
}

const byPrecedence = (a: Claim, b: Claim): number =>
  a.rank - b.rank ||
  compareTimes(a.claimant['created_at'], b.claimant['created_at']) ||
  compareTexts(textOf(a.claimant['id']), textOf(b.claimant['id'])) ||
  a.order - b.order;
