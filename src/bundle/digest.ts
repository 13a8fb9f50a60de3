/** @file Hashes of bytes at hand, by the platform's own WebCrypto. */

/** In lower-case hex. */
export async function hexDigest(algorithm: 'SHA-1' | 'SHA-256', bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest(algorithm, bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function sha256Hex(bytes: Uint8Array): Promise<string> {
  return hexDigest('SHA-256', bytes);
}
