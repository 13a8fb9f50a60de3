/** @file What a file that is not a picture looks like, for messages: its kind, never its bytes, which may be secret. */

const KINDS: readonly [start: string, kind: string][] = [
  ['%PDF', 'a PDF'],
  ['PK', 'a zip archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ['II*\0', 'a TIFF'],
  ['MM\0*', 'a TIFF'],
  ['\xff\x0a', 'a JPEG XL'],
  ['\0\0\0\x0cJXL ', 'a JPEG XL'],
  ['\0\0\0\x0cjP', 'a JPEG 2000'],
  ['\0\0\x01\0', 'an icon'],
  ['RIFF', 'a sound or a film'],
  ['OggS', 'a sound or a film'],
  ['\x1a\x45\xdf\xa3', 'a film'],
  ['ID3', 'a sound'],
  ['\x7fELF', 'a program'],
  ['MZ', 'a program'],
  ['8BPS', 'a Photoshop file'],
  ['version https://git-lfs', 'a Git LFS pointer: the file itself was not downloaded'],
];

/** A kind with its article, for "it looks like …". */
export function fileKind(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  const known = KINDS.find(([beginning]) => start.startsWith(beginning));
  if (known) return known[1];
  if (start.startsWith('ftyp', 4)) return 'a film, or a picture in another format';
  if (/^\s*(?:<\?xml[^]*)?<svg/i.test(start)) return 'an SVG drawing';
  if (/^\s*</.test(start)) return 'HTML or XML';
  if (isText(bytes.subarray(0, 64))) return 'text';
  return bytes.subarray(0, 64).every((byte) => byte === 0) ? 'zeros' : 'an unknown format';
}

function isText(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes, { stream: true }); // the last character may be cut

  return !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text);
}
