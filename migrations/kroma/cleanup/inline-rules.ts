import { quoteName, readTableDefinition, type CanonicalTable, type TableDefinition } from '@engine/migration.ts';

type Rule = TableDefinition['constraints'][number];

/**
 * UNIQUE and REFERENCES that stand with a column, as the rules of a table that say the same, word for word: ON CONFLICT,
 * what happens on deletion, when it is checked. Only of canonical columns; a column of the owner's keeps its whole text,
 * and a reference of ours takes the place of any other.
 */
export const inlineRules = (table: CanonicalTable, { columns }: TableDefinition): Rule[] =>
  columns.flatMap(({ name, text }) => {
    const column = table.columns.find((each) => each.name === name.toLowerCase());
    if (column === undefined) return [];
    return rulesIn(name, text).filter(({ kind }) => kind !== 'foreign-key' || column.references === undefined);
  });

/** No text can be read in two ways by these: a search that fails ends at once. */
const GAP = String.raw`(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)`;
const QUOTED = String.raw`"(?:[^"]|"")*"|'(?:[^']|'')*'|${'`(?:[^`]|``)*`'}|\[[^\]]*\]`;
const LETTER = String.raw`[\p{L}\p{N}_$\u0080-\u{10ffff}]`;
const NAME = `(?:${QUOTED}|${LETTER}+)`;
/** One clause of several words. */
const words = (text: string) => text.replaceAll(' ', `${GAP}+`);

const ACTION = words('on (?:delete|update) (?:set null|set default|cascade|restrict|no action)');
const TIME = words('(?:not )?deferrable') + `(?:${words(' initially (?:deferred|immediate)')})?`;
const MORE = `(?:${GAP}*(?:${ACTION}|match${GAP}+${NAME}|${TIME}))*`;
const PARENT = `references${GAP}*${NAME}(?:${GAP}*\\((?:${QUOTED}|[^)"'\`[])*\\))?${MORE}`;
const UNIQUE = `unique(?!${LETTER})(?<conflict>${words(` on conflict ${LETTER}+`)})?`;

/** What is quoted or a comment is stepped over, and what is in brackets belongs to another rule. */
const PIECE = new RegExp(
  String.raw`--[^\n]*|/\*[\s\S]*?\*/|(?<!${LETTER})(?<name>constraint${GAP}*${NAME}${GAP}*)?(?:(?<unique>${UNIQUE})|(?<parent>${PARENT}))|${NAME}|[()]`,
  'giu',
);

function rulesIn(column: string, text: string): Rule[] {
  let depth = 0;
  const rules = [...text.matchAll(PIECE)].flatMap(({ 0: piece, groups = {} }) => {
    const isOutside = depth === 0;
    if (piece === '(') depth++;
    if (piece === ')') depth--;
    const { name = '', unique, conflict = '', parent } = groups;
    if (!isOutside) return [];
    if (parent !== undefined) return [`${name}FOREIGN KEY (${quoteName(column)}) ${parent}`];
    return unique === undefined ? [] : [`${name}UNIQUE (${quoteName(column)})${conflict}`];
  });
  return readTableDefinition(`CREATE TABLE t (${[quoteName(column), ...rules].join(', ')})`).constraints.slice();
}
