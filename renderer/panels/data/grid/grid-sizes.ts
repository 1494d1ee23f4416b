/** Heights that style sheet and arithmetic share, px: names and types of the columns, and the filter row below them. */
export const NAMES_PX = 46;
export const FILTER_PX = 32;
export const HEADER_PX = NAMES_PX + FILTER_PX;
/** The first row of data has this row number for screen readers: names and filters stand above it. */
export const FIRST_ROW_INDEX = 3;
