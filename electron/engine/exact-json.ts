/**
 * JSON whose numbers keep every digit. A plain JSON.parse turns 12345678901234567890 into 12345678901234567000 and 0.10
 * into 0.1; here a number stays the text it was written as, and JSON.stringify writes that text again.
 */
export type ExactJson = null | boolean | string | RawNumber | ExactJson[] | { [key: string]: ExactJson };

/** What JSON.rawJSON makes: frozen, recognised by JSON.stringify. */
export interface RawNumber {
  readonly rawJSON: string;
}

/** Part of ECMAScript that TypeScript's library does not declare yet; every runtime of ours (V8 11.4 and later) has it. */
type ExactParse = (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;
const { rawJSON, isRawJSON } = JSON as unknown as {
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
};

/** @throws SyntaxError as JSON.parse. */
export const parseExactly = (text: string): ExactJson =>
  (JSON.parse as unknown as ExactParse)(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? rawJSON(source) : value,
  ) as ExactJson;

/** True for what JSON calls an object: no list, no number. */
export const isExactObject = (value: ExactJson | undefined): value is { [key: string]: ExactJson } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawJSON(value);
