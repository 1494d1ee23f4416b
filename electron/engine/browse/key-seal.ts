import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

/**
 * Keys of rows and filters of references hold stored values. Where such a value belongs to a masked column it is sealed,
 * so that the window can hand it back without ever having seen it. The same value gives the same seal: keys are compared.
 */

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Every engine process of one host has the same one: a key made by one is handed to another. */
let secret: Buffer = randomBytes(32);

/** @param hex 32 bytes, made by the host when it starts. Without it keys are good for this process only. */
export function setKeySecret(hex: string): void {
  secret = Buffer.from(hex, 'hex');
}

export function seal(text: string): string {
  // The nonce depends on the text, so no two texts share one.
  const nonce = createHmac('sha256', secret).update(text).digest().subarray(0, NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** @returns null for what was not sealed with this secret. */
export function unseal(sealed: string): string | null {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return null;
  }
}
