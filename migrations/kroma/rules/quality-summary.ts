import { readable } from './readable-json.ts';

/**
 * What a quality report says, as SQL. Backfill and triggers share it: a candidate must get the same report from both.
 * Part of the quality reports' migration and as immutable as it is. Built-in functions and old syntax only, and nothing
 * here fails on any value: a blob is no JSON, malformed JSON is nothing.
 */

/** A text as Python's json.dumps writes it without escaping other scripts. */
export const quoted = (value: string): string => `json_quote(CAST(${value} AS TEXT))`;

/** A column of ranks that holds a number. */
export const isNumber = (value: string): string =>
  `(typeof(${value}) IN ('integer', 'real') AND ${value} < 9e999 AND ${value} > -9e999)`;
/** As Python's int() and float(): a fraction is cut, a float keeps its point; what is no number counts as nothing (D7). */
const whole = (value: string): string => `CASE WHEN ${isNumber(value)} THEN CAST(${value} AS INTEGER) ELSE 0 END`;
const digits = (value: string, count: number): string => `printf('%!.${count}g', ${value})`;
const givesBack = (value: string, count: number): string =>
  `CAST(${digits(value, count)} AS REAL) = CAST(${value} AS REAL)`;
/** The shortest digits that give the number back. */
const fraction = (value: string): string => `CASE WHEN NOT ${isNumber(value)} OR ${value} = 0 THEN '0.0'
    WHEN abs(${value}) >= 1e15 AND abs(${value}) < 1e16 THEN ${digits(value, 17)}
    ELSE replace(CASE WHEN ${givesBack(value, 15)} THEN ${digits(value, 15)} WHEN ${givesBack(value, 16)} THEN ${digits(value, 16)}
      ELSE ${digits(value, 17)} END, '.0e', 'e') END`;

const ranks = ['rank_hard_failures', 'rank_soft_warnings', 'rank_avg_chroma_exceed'] as const;
/** Some rank of candidate `row` is no number. */
export const hasBadRank = (row: string): string =>
  `(${ranks.map((rank) => `NOT ${isNumber(`${row}.${rank}`)}`).join(' OR ')})`;
/** Which one, in words. */
export const badRanks = (row: string): string =>
  `trim(${ranks.map((rank) => `CASE WHEN ${isNumber(`${row}.${rank}`)} THEN '' ELSE ', ${rank} is ' || quote(substr(${row}.${rank}, 1, 80)) END`).join(' || ')}, ', ')`;

/** The guard's result in a candidate's JSON, NULL where there is none; of equal keys the last. The cheap question first. */
const guardIn = (meta: string): string => `CASE WHEN instr(${meta}, 'output_guard') > 0 THEN
    (SELECT CASE type WHEN 'object' THEN value END
      FROM (SELECT type, value, max(id) FROM json_each(${readable(`CAST(${meta} AS TEXT)`)}) WHERE key = 'output_guard')) END`;

/** The summary of the report that a candidate gets when nobody wrote one (rule QS). */
export const seedSummary = (row: string): string =>
  `'{"status":' || ${quoted(`${row}.status`)} || ',"rank":{"hard_failures":' || ${whole(`${row}.rank_hard_failures`)}
    || ',"soft_warnings":' || ${whole(`${row}.rank_soft_warnings`)} || ',"avg_chroma_exceed":' || ${fraction(`${row}.rank_avg_chroma_exceed`)}
    || '},"source":"phase2_backfill"' || ifnull(',"output_guard":' || ${guardIn(`${row}.meta_json`)}, '') || '}'`;

/** A report that was made from its candidate, by us or by the original's own upgrade. */
export const isSeed = (summary: string): string => `instr(${summary}, '"source":"phase2_backfill"') > 0`;

/** A summary that says nothing: the default, or an object without members. */
export const saysNothing = (summary: string): string =>
  `(ifnull(${summary}, '') IN ('', '{}') OR (length(${summary}) < 20 AND replace(replace(replace(replace(${summary}, ' ', ''), char(9), ''), char(10), ''), char(13), '') = '{}'))`;

/** A rating or a note as JSON. */
const member = (value: string): string => `CASE typeof(${value}) WHEN 'integer' THEN CAST(${value} AS TEXT)
    WHEN 'real' THEN CASE WHEN ${isNumber(value)} THEN json_quote(${value}) ELSE '0' END ELSE ${quoted(value)} END`;
/** The summary of what a person gave (rule Q3). */
export const ratingSummary = (row: string): string =>
  `'{"rating":' || ${member(`${row}.rating`)} || ',"notes":' || ${quoted(`${row}.notes`)} || '}'`;

/** A summary as an object, NULL when it is none: what JSON functions may be given without failing. */
const objectOf = (summary: string): string =>
  `CASE WHEN json_valid(${summary}) THEN CASE json_type(${summary}) WHEN 'object' THEN ${summary} END END`;
export const isObject = (summary: string): string => `(${objectOf(summary)}) IS NOT NULL`;
/** A summary of nothing but a rating and a note: a person gave it, whatever the type says (rule Q2, D2). */
export const isRating = (summary: string): string =>
  `(SELECT count(DISTINCT key) = 2 AND min(key) = 'notes' AND max(key) = 'rating' FROM json_each(${objectOf(summary)}))`;
/** What a summary says of either; 0 and '' where it says nothing. */
export const ratingIn = (summary: string): string =>
  `(SELECT CASE WHEN json_type(doc, '$.rating') IN ('integer', 'real', 'text') THEN json_extract(doc, '$.rating') ELSE 0 END FROM (SELECT ${objectOf(summary)} AS doc))`;
export const notesIn = (summary: string): string =>
  `(SELECT CASE json_type(doc, '$.notes') WHEN 'text' THEN json_extract(doc, '$.notes') ELSE '' END FROM (SELECT ${objectOf(summary)} AS doc))`;
/** The summary with the rating and the note of `row` in it. */
export const withRating = (row: string): string =>
  `json_set(${row}.summary_json, '$.rating', ${row}.rating, '$.notes', CAST(${row}.notes AS TEXT))`;
