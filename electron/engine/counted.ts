/** `12345` as "12,345". */
export const number = (value: number): string => value.toLocaleString('en-US');

/** "1 row", "12,345 rows". */
export const some = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;
