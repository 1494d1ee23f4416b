import { coded } from '@shared/errors.ts';
import type { Pack } from '../migration.ts';
import type { EngineRequests, FromEngine } from '../protocol.ts';
import { compareWithBackup } from './compare-row.ts';
import { exportRows } from './export.ts';
import { openBrowser, type Browser } from './browser.ts';
import { setKeySecret } from './key-seal.ts';
import { tableSizes } from './sizes.ts';

type Names = Extract<keyof EngineRequests, `browse${string}`>;
type BrowseAnswers = {
  readonly [K in Names]: (
    input: EngineRequests[K]['input'],
  ) => EngineRequests[K]['output'] | Promise<EngineRequests[K]['output']>;
};

/** The data browser's requests. The database stays open between them, until another one is asked for. */
export function browseAnswers(packs: readonly Pack[], send: (message: FromEngine) => void): BrowseAnswers {
  let current: Browser | undefined;
  // The file itself is opened anew when it was replaced or written to. A copy is not made anew for every page that somebody
  // looks at while another program writes: the window says that it is old, and asks for the tables again.
  const browser = async (path: string, keySecret?: string, isCopyKept = true): Promise<Browser> => {
    if (keySecret !== undefined) setKeySecret(keySecret);
    if (current?.path === path && (current.isCurrent() || (isCopyKept && current.session.via === 'private-copy')))
      return current;
    current?.close();
    current = undefined;
    return (current = await openBrowser(path, packs));
  };
  return {
    browseTables: async ({ path, keySecret }) => {
      const { tables, via, version } = (await browser(path, keySecret, false)).tables();
      return { tables: [...tables], isCopy: via === 'private-copy', version };
    },
    browseCost: async ({ path, keySecret, query }) => (await browser(path, keySecret)).cost(query),
    browsePage: async ({ path, keySecret, query, anchor, limit, hasConsent }) =>
      (await browser(path, keySecret)).page(query, anchor, limit, hasConsent),
    browseCount: async ({ path, keySecret, query }) => (await browser(path, keySecret)).count(query),
    browseRecord: async ({ path, keySecret, table, key }) => (await browser(path, keySecret)).record(table, key),
    browseCell: async ({ path, keySecret, table, isRevealed, mayLoad, ...request }) => {
      const open = await browser(path, keySecret);
      if (!isRevealed && open.isMasked(table, request.column))
        throw coded('E_BAD_REQUEST', 'This value is shown only when somebody asks for it.');
      return open.cell(table, request, mayLoad);
    },
    browseSizes: async ({ path, keySecret }) => tableSizes((await browser(path, keySecret)).session),
    browseCompare: async ({ path, keySecret, mayLoad, ...asked }) =>
      compareWithBackup(await browser(path, keySecret), packs, asked, mayLoad),
    browseExport: async (input) =>
      exportRows(await browser(input.path, input.keySecret), input, (rows, bytes) =>
        send({ type: 'export', rows, bytes }),
      ),
  };
}
