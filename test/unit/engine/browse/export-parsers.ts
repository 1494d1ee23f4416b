/** Small strict parsers of what is exported, written from the formats' descriptions and not from our writers. */

export interface Field {
  readonly text: string;
  readonly isQuoted: boolean;
}

/** RFC 4180. @throws Error for anything that the grammar does not allow. */
export function parseCsv(source: string): Field[][] {
  const rows: Field[][] = [];
  let row: Field[] = [];
  let at = 0;
  while (at < source.length) {
    const isQuoted = source[at] === '"';
    let text = '';
    if (isQuoted) {
      const parts: string[] = [];
      for (let from = at + 1; ;) {
        const end = source.indexOf('"', from);
        if (end < 0) throw new Error('a quoted field has no end');
        parts.push(source.slice(from, end));
        at = end + 1;
        if (source[at] !== '"') break;
        parts.push('"');
        from = at + 1;
      }
      text = parts.join('');
    } else {
      const end = /[,\r]/.exec(source.slice(at, at + 100_000_000));
      text = source.slice(at, at + (end?.index ?? source.length));
      if (/["\n]/.test(text)) throw new Error('a field that needs quotes has none');
      at += text.length;
    }
    row.push({ text, isQuoted });
    if (source[at] === ',') {
      at += 1;
      if (source[at] !== '\r') continue;
      row.push({ text: '', isQuoted: false });
    }
    if (source.slice(at, at + 2) !== '\r\n') throw new Error(`a record ends wrongly at ${at}`);
    at += 2;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) throw new Error('the last record has no end');
  if (rows.some(({ length }) => length !== rows[0]?.length))
    throw new Error('records differ in their number of fields');
  return rows;
}

export interface TsvField {
  readonly type: 'null' | 'text' | 'blob';
  readonly value: string;
  readonly hex: string;
}

export function parseTsv(source: string): TsvField[][] {
  if (!source.endsWith('\n')) throw new Error('the last line has no end');
  if (source.includes('\r')) throw new Error('a carriage return would end a line for some readers');
  return source
    .slice(0, -1)
    .split('\n')
    .map((line) => line.split('\t').map(ofTsv));
}

function ofTsv(field: string): TsvField {
  if (field === '\\N') return { type: 'null', value: '', hex: '' };
  if (field.startsWith('\\x')) return { type: 'blob', value: '', hex: field.slice(2) };
  if (field.startsWith('\\X')) return { type: 'text', value: '', hex: field.slice(2) };
  const letters: Record<string, string> = { t: '\t', n: '\n', r: '\r', '\\': '\\' };
  const value = field.replace(/\\(.?)/g, (_all, letter: string) => {
    const meant = letters[letter];
    if (meant === undefined) throw new Error(`\\${letter} means nothing`);
    return meant;
  });
  return { type: 'text', value, hex: Buffer.from(value).toString('hex') };
}

/** Cells of a table, as the page that they become would show them. */
export function parseMarkdown(source: string): string[][] {
  return source
    .trimEnd()
    .split('\n')
    .map((line) => {
      const cells = line.split(/(?<=(?<!\\)(?:\\\\)*)\|/);
      if (cells.at(0) !== '' || cells.at(-1) !== '') throw new Error(`not a line of a table: ${line}`);
      return cells.slice(1, -1).map((cell) =>
        cell
          .slice(1, -1)
          .replaceAll('<br>', '\n')
          .replaceAll('&#9;', '\t')
          .replaceAll('&#32;', ' ')
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&amp;', '&')
          .replace(/\\([!-/:-@[-`{-~])/g, '$1'),
      );
    });
}
