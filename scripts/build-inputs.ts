/**
 * @file Whether a build is up to date with its sources: a note beside it holds the hash of everything that went into
 * it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Hashes the contents of files, and of all files in folders. */
export function hashInputs(root: string, inputs: readonly string[]): string {
  const hash = createHash('sha256');
  for (const input of inputs) {
    const place = path.join(root, input);
    const isFolder = statSync(place).isDirectory();
    const names = isFolder ? readdirSync(place, { recursive: true, encoding: 'utf8' }).sort() : [''];
    for (const name of names) {
      const file = path.join(place, name);
      if (!statSync(file).isFile()) continue;
      const content = readFileSync(file);
      hash.update(`${input}/${name}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex');
}

export interface BuildNote {
  /**
   * Path of the note. It is removed during a build, so that an unfinished build is never mistaken for a complete one.
   */
  note: string;
  /** The inputs of the build. */
  hash: string;
  /** Its outputs. */
  outputs: readonly string[];
}

/**
 * Builds, unless the note says that nothing has changed since and everything is still there.
 * @returns whether it built
 */
export async function buildIfChanged({ note, hash, outputs }: BuildNote, build: () => Promise<void>): Promise<boolean> {
  if (existsSync(note) && readFileSync(note, 'utf8') === hash && outputs.every((output) => existsSync(output)))
    return false;
  rmSync(note, { force: true });
  await build();
  writeFileSync(note, hash);
  return true;
}
