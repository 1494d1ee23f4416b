/** Details of issue rows as SQL over the row `s`: which value is wrong. Part of the migrations that import it. */

/** A row names something that is not there. @param what e.g. 'run'; @param value what the row names it by. */
export const namesMissing = (what: string, value: string): string =>
  `CASE ifnull(${value}, '') WHEN '' THEN 'names no ${what}' ELSE 'names ${what} ' || ${value} || ', which does not exist' END`;
