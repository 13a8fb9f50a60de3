/** @file Prints lines to stderr that do not mean failure. */

import type { ProgressLine } from './progress';
import { printableLine } from './printable';

export function warn(line: string, progress: ProgressLine): void {
  progress.clear();
  process.stderr.write(`vlm2vec: ${printableLine(line)}\n`);
}
