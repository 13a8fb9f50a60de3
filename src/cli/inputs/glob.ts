/** @file The files that a pattern matches, including those whose names are not UTF-8, which cannot be read. */

import * as fs from 'node:fs';
import path from 'node:path';
import { glob } from 'tinyglobby';
import { listFolder, NOT_UTF8 } from '../../store/list-folder.node.js';

/** A file that an argument names. */
export interface NamedFile {
  file: string;
  /** Why it cannot be read, if that is known. */
  problem?: string;
}

/** In the order of their names, each as the shell would write it. */
export async function filesMatching(pattern: string): Promise<NamedFile[]> {
  const absolute = path.isAbsolute(pattern);
  /** Whole paths with escaped names. */
  const misnamed = new Set<string>();
  const unread = new Set<string>();
  const readdir = (folder: string, _options: unknown, done: (error: Error | null, entries?: unknown[]) => void) => {
    const whole = path.resolve(folder);
    if (misnamed.has(whole)) {
      // What is below it might match.
      unread.add(whole);
      return done(null, []);
    }
    listFolder(whole).then(
      (entries) => {
        for (const { name, isUtf8 } of entries) if (!isUtf8) misnamed.add(path.join(whole, name));
        done(null, entries);
      },
      (error: Error) => done(error),
    );
  };
  const found = await glob(pattern, {
    ...{ expandDirectories: false, followSymbolicLinks: false, absolute },
    fs: { ...fs, readdir: readdir as unknown as typeof fs.readdir },
  });
  const folders = [...unread].map((each) => (absolute ? each : path.relative(process.cwd(), each)));
  return [...found, ...folders]
    .sort((a, b) => (a < b ? -1 : 1))
    .map((file) => ({ file, ...(misnamed.has(path.resolve(file)) && { problem: NOT_UTF8 }) }));
}
