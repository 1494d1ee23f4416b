/** Said of a backup that was made of a file which is gone, where another one lists it. @param madeOf its name or path. */
export const aboutOrigin = (madeOf: string): string =>
  `made of ${madeOf}, which is no longer there: this database under its former name, or a copy of it`;
