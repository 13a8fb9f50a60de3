/** @file Hashes of bytes in memory, by the platform's WebCrypto, and bytes as hex. */

/** In lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** In lower-case hex. */
export async function hexDigest(algorithm: 'SHA-1' | 'SHA-256', bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest(algorithm, bytes as Uint8Array<ArrayBuffer>);
  return toHex(new Uint8Array(digest));
}

export function sha256Hex(bytes: Uint8Array): Promise<string> {
  return hexDigest('SHA-256', bytes);
}
