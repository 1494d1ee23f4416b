import { compareTexts, compareTimes } from './instants.ts';
import { strip } from './python-text.ts';
import { groupBy, textOf, type Row, type Value } from './rows.ts';

/** What a path is compared by: slashes only, no outer blanks; nothing else is folded. */
export const pathKey = (path: Value | undefined): string => strip(textOf(path).replaceAll('\\', '/'));

/** Finds assets by path inside one project (path rule, C.3 with D10 and D19). */
export class AssetIndex {
  private readonly byAddress: Map<string, Row[]>;

  constructor(assets: readonly Row[]) {
    const entries = assets.flatMap((asset) =>
      [...new Set([pathKey(asset['storage_uri']), pathKey(asset['rel_path'])])]
        .filter(Boolean)
        .map((key) => ({ asset, key })),
    );
    const groups = groupBy(entries, ({ asset, key }) => place(textOf(asset['project_id']), key));
    this.byAddress = new Map([...groups].map(([key, found]) => [key, found.map(({ asset }) => asset)]));
  }

  find(projectId: string, key: string): Row | undefined {
    const found = this.byAddress.get(place(projectId, key)) ?? [];
    return (
      best(found.filter((asset) => asset['storage_uri'] === key)) ??
      best(found.filter((asset) => asset['rel_path'] === key)) ??
      best(found)
    );
  }

  add(asset: Row): void {
    const key = place(textOf(asset['project_id']), pathKey(asset['storage_uri']));
    this.byAddress.set(key, [...(this.byAddress.get(key) ?? []), asset]);
  }
}

const place = (projectId: string, key: string): string => `${projectId}\0${key}`;

/** The youngest; of equally young ones the one with the smallest id. */
const best = (assets: readonly Row[]): Row | undefined =>
  [...assets].sort(
    (a, b) => compareTimes(b['created_at'], a['created_at']) || compareTexts(textOf(a['id']), textOf(b['id'])),
  )[0];
