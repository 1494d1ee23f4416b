// @ts-check
// The values that Electron's IPC can carry, as JSON and back. Runs in Node and, as text, in the preload world.

/** @typedef {null | boolean | number | string | object} Json */

export const wire = {
  /**
   * @param {any} value
   * @returns {any} JSON that `decode` turns back into an equal value
   * @throws Error with Chromium's words for a value that structured clone refuses
   */
  encode(value) {
    if (value === undefined) return { $: 'undefined' };
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    if (typeof value === 'number') {
      if (Number.isFinite(value) && !Object.is(value, -0)) return value;
      return { $: 'number', value: Object.is(value, -0) ? '-0' : String(value) };
    }
    if (typeof value === 'bigint') return { $: 'bigint', value: String(value) };
    if (typeof value === 'function' || typeof value === 'symbol') throw new Error('An object could not be cloned.');
    if (value instanceof Date) return { $: 'Date', value: value.getTime() };
    if (value instanceof RegExp) return { $: 'RegExp', value: [value.source, value.flags] };
    if (value instanceof Error) return { $: 'Error', value: [value.name, value.message] };
    if (value instanceof Map) return { $: 'Map', value: [...value].map((pair) => pair.map(wire.encode)) };
    if (value instanceof Set) return { $: 'Set', value: [...value].map(wire.encode) };
    if (value instanceof ArrayBuffer)
      return { $: 'bytes', type: 'ArrayBuffer', value: wire.toBase64(new Uint8Array(value)) };
    if (ArrayBuffer.isView(value)) {
      const type = value.constructor.name === 'Buffer' ? 'Uint8Array' : value.constructor.name;
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      return { $: 'bytes', type, value: wire.toBase64(bytes) };
    }
    if (Array.isArray(value)) return value.map(wire.encode);
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [key === '$' ? '$$' : key, wire.encode(part)]),
    );
  },

  /**
   * @param {any} json
   * @returns {any}
   */
  decode(json) {
    if (json === null || typeof json !== 'object') return json;
    if (Array.isArray(json)) return json.map(wire.decode);
    switch (json.$) {
      case 'undefined':
        return undefined;
      case 'number':
        return Number(json.value);
      case 'bigint':
        return BigInt(json.value);
      case 'Date':
        return new Date(json.value);
      case 'RegExp':
        return new RegExp(json.value[0], json.value[1]);
      case 'Error':
        return Object.assign(new Error(json.value[1]), { name: json.value[0] });
      case 'Map':
        return new Map(json.value.map((/** @type {any[]} */ pair) => pair.map(wire.decode)));
      case 'Set':
        return new Set(json.value.map(wire.decode));
      case 'bytes': {
        const { buffer } = wire.fromBase64(json.value);
        return json.type === 'ArrayBuffer' ? buffer : Reflect.construct(Reflect.get(globalThis, json.type), [buffer]);
      }
    }
    return Object.fromEntries(Object.entries(json).map(([key, part]) => [key === '$$' ? '$' : key, wire.decode(part)]));
  },

  /** @param {Uint8Array} bytes */
  toBase64(bytes) {
    let text = '';
    for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
    return btoa(text);
  },

  /** @param {string} text */
  fromBase64: (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0)),
};
