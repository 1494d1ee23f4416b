import { readIssues } from './bookkeeping.ts';
import { lookAt } from './look.ts';
import type { Pack, SqlValue } from './migration.ts';
import type { EngineRequests } from './protocol.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { issueTitle } from './report.ts';

/** A key is shown, not used: this much of it tells one row from another. */
const LONGEST_KEY = 200;

/**
 * Issue rows after `afterId`, in the order of recording: where they are and why, never their content.
 * @throws CodedError as `inspect`.
 */
export const listIssues = (
  { path, afterId, limit }: EngineRequests['listIssues']['input'],
  packs: readonly Pack[],
): Promise<EngineRequests['listIssues']['output']> =>
  lookAt(path, ({ db }) => {
    const { pack } = recogniseOrRefuse(db, packs);
    return readIssues(db, afterId, limit).map(({ sourceKey, reason, ...row }) => ({
      ...row,
      reason,
      title: issueTitle(pack, reason),
      sourceKey: keyText(sourceKey),
    }));
  });

/** A key as text, cut where it is long. */
export function keyText(key: SqlValue): string {
  if (key === null) return 'NULL';
  const text = key instanceof Uint8Array ? `x'${Buffer.from(key).toString('hex')}'` : String(key);
  return text.length > LONGEST_KEY ? `${text.slice(0, LONGEST_KEY)}…` : text;
}
