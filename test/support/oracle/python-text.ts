import type { Json } from './python-json.ts';

/** Every character that Python's str.strip() removes. */
const space = '\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const outer = new RegExp(`^[${space}]+|[${space}]+$`, 'g');

export const strip = (text: string): string => text.replace(outer, '');

/** Python's repr of a float: shortest digits, exponent outside 1e-4 .. 1e16. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', power = '0'] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(power);
  const sign = value < 0 ? '-' : '';
  if (exponent < -4 || exponent >= 16) {
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const padded = digits.padEnd(exponent + 2, '0');
  return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1)}`;
}

/** Python's str() of a value that json.loads gave. */
export function pythonText(json: Json): string {
  return json.kind === 'text' ? json.value : pythonRepr(json);
}

function pythonRepr(json: Json): string {
  switch (json.kind) {
    case 'null':
      return 'None';
    case 'boolean':
      return json.value ? 'True' : 'False';
    case 'integer':
      return String(json.value);
    case 'float':
      return floatText(json.value);
    case 'text':
      return quoted(json.value);
    case 'list':
      return `[${json.items.map(pythonRepr).join(', ')}]`;
    case 'object':
      return `{${[...json.entries].map(([key, value]) => `${quoted(key)}: ${pythonRepr(value)}`).join(', ')}}`;
  }
}

/** repr of a text; only the escapes that occur in settings are needed here. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

/** Python's truth of a value. */
export function isTruthy(json: Json): boolean {
  switch (json.kind) {
    case 'null':
      return false;
    case 'boolean':
      return json.value;
    case 'integer':
      return json.value !== 0n;
    case 'float':
      return json.value !== 0;
    case 'text':
      return json.value !== '';
    case 'list':
      return json.items.length > 0;
    case 'object':
      return json.entries.size > 0;
  }
}
