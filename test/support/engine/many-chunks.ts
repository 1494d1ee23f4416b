/** Chunks of a few rows, so that small files have many. */
export const manyChunks = { smallRows: 0, firstChunkRows: 7, maxChunkRows: 7 };
