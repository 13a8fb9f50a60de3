/** @file Progress on stderr: one line that is rewritten, and only where a person is looking. */

import type { ProgressEvent } from '../runtime';
import { printableLine } from './printable';

const INTERVAL_MS = 100;
const CLEAR_LINE = '\r\x1b[K';

const PHASES: Record<ProgressEvent['phase'], string> = {
  wait: 'Waiting',
  measure: 'Choosing precisions',
  convert: 'Converting',
  calibrate: 'Measuring what the weights see',
  refine: 'Rounding again',
  probe: 'Computing the probe',
  publish: 'Publishing',
  download: 'Downloading',
  verify: 'Verifying',
  load: 'Loading',
  prepare: 'Reading inputs',
  embed: 'Embedding',
};

export interface ProgressLine {
  show(event: ProgressEvent): void;
  /** Something that is no event of the library's. */
  note(text: string): void;
  /** Wipes the line, so that what is printed next starts clean. */
  clear(): void;
}

export function progressLine(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  if (!stream.isTTY) return { show: () => undefined, note: () => undefined, clear: () => undefined };
  let shown = false;
  let last = 0;
  return {
    show: (event) => {
      const now = Date.now();
      if (now - last < INTERVAL_MS) return;
      last = now;
      const percent = event.progress === undefined ? '' : ` ${event.progress.toFixed(0)} %`;
      const detail = event.file === undefined ? '' : ` (${printableLine(event.file)})`;
      stream.write(`${CLEAR_LINE}${PHASES[event.phase]}${percent}${detail}`);
      shown = true;
    },
    note: (text) => {
      stream.write(`${CLEAR_LINE}${printableLine(text)}`);
      shown = true;
    },
    clear: () => {
      if (shown) stream.write(CLEAR_LINE);
      shown = false;
    },
  };
}
