/** @file Which file names a bundle may hold: plain, relative, the same on every system, and safe to put in a URL. */

const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;
const MAX_LENGTH = 200;
/** Windows treats these as devices, with any extension, and drops a dot at the end. */
const NOT_ON_WINDOWS = /(?:^|\/)(?:con|prn|aux|nul|com\d|lpt\d)(?=[./]|$)|\.(?=\/|$)/i;

/** True for `a.bin` and `a/b.json`; false for absolute paths, `..`, hidden files, back slashes, spaces, URLs, Windows' devices. */
export function isPlainPath(path: string): boolean {
  return path.length <= MAX_LENGTH && PLAIN.test(path) && !NOT_ON_WINDOWS.test(path);
}
