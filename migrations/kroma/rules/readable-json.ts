/**
 * JSON as Python reads it, for SQL that must not fail on any text: what comes back is JSON to every SQLite library, or
 * NULL. Python writes and accepts NaN and Infinity, which JSON has not: libraries before 3.42 call a text with them
 * malformed, and every JSON function that is given it aborts the statement, in a trigger another program's write.
 * Part of the migrations that import it.
 */
type Words = readonly [nan: string, minus: string, plus: string];
const texts: Words = ['"nan"', '"-inf"', '"inf"'];
const numbers: Words = ['null', '-9e999', '9e999'];

/** The three words replaced wherever they stand behind `lead`. Few calls in one another: older parsers keep 100 symbols. */
const replaced = (text: string, lead: string, [nan, minus, plus]: Words) =>
  `replace(replace(replace(${text}, '${lead}-Infinity', '${lead}${minus}'), '${lead}Infinity', '${lead}${plus}'), '${lead}NaN', '${lead}${nan}')`;
/** First anywhere; then only as the value of a key, for details whose texts have such a word, too ("Infinity pool"). */
const leads = ['', ': ', ':'] as const;

/**
 * A word inside a text would end that text when it becomes a text itself, so that what is valid then has no text changed.
 * @param text SQL of type TEXT.
 */
const readAs = (text: string, words: Words): string =>
  `CASE WHEN json_valid(${text}) THEN ${text}
      ${leads.map((lead) => `WHEN ${isValid(text, lead, words)} THEN ${replaced(text, lead, words)}`).join('\n      ')} END`;
const isValid = (text: string, lead: string, words: Words): string =>
  [...new Set([texts, words])].map((each) => `json_valid(${replaced(text, lead, each)})`).join(' AND ');

/** The words as Python's str() writes them. */
export const readableAsTexts = (text: string): string => readAs(text, texts);
/** NaN as null and Infinity as a number beyond all, as newer SQLite libraries read them. */
export const readable = (text: string): string => readAs(text, numbers);
