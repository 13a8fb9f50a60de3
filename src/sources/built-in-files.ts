/**
 * @file Where the files of a built-in model lie that a bundler has moved and renamed. In the source there are none: the
 * model lies in a folder. For browsers, the package's build puts the addresses here (`scripts/built-in-files.ts`).
 */

/** Addresses by path in the bundle; null where they lie together in a folder. */
export function builtInFiles(_name: string): Record<string, string> | null {
  return null;
}
