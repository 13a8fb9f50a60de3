/**
 * @file The package as it is published, for tests that start processes: it is loaded eight times as fast as the source. A test
 * file that imports this belongs to a project of its own in `vitest.config.ts`, which builds `dist/` first.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const LIB = path.resolve(import.meta.dirname, '../../dist/lib');

/** Arguments of `node` for the `vlm2vec` command. */
export const COMMAND = [path.join(LIB, 'cli.js')];

/** The library's address, for an `import`. */
export const LIBRARY = pathToFileURL(path.join(LIB, 'node.js')).href;
