/**
 * @file Progress on stderr: on a terminal, one line that is rewritten; elsewhere, a new line now and then. Never in
 * colour.
 */

import type { ProgressEvent } from '../runtime';
import { printableLine } from './printable';

const INTERVAL_MS = 100;
/** For logs; short runs print nothing. */
const PLAIN_INTERVAL_MS = 30_000;
const CLEAR_LINE = '\r\x1b[K';

const PHASES: Record<ProgressEvent['phase'], string> = {
  wait: 'Waiting',
  measure: 'Choosing precisions',
  convert: 'Converting',
  calibrate: 'Measuring the inputs of the weights',
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
  /** A message that is not an event of the library. */
  note(text: string): void;
  /**
   * How far a long run has got: on a terminal often, elsewhere a line every half minute. Computed only when it is
   * shown.
   */
  tick(text: () => string): void;
  /** The result of the run, on a terminal. */
  end(text: string): void;
  /** Clears the line, so that what is printed next starts clean. */
  clear(): void;
}

const nothing = () => undefined;

/** For `--quiet`. */
export const SILENT: ProgressLine = { show: nothing, note: nothing, tick: nothing, end: nothing, clear: nothing };

export function progressLine(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  return stream.isTTY && process.env.TERM !== 'dumb' ? rewritten(stream) : plainLines(stream);
}

function plainLines(stream: NodeJS.WriteStream): ProgressLine {
  const isDue = every(PLAIN_INTERVAL_MS, Date.now());
  return { ...SILENT, tick: (text) => void (isDue() && stream.write(`vlm2vec: ${printableLine(text())}\n`)) };
}

/** Whether it is time to print again. */
function every(milliseconds: number, since = 0): () => boolean {
  let last = since;
  return () => {
    const now = Date.now();
    if (now - last < milliseconds) return false;
    last = now;
    return true;
  };
}

function rewritten(stream: NodeJS.WriteStream): ProgressLine {
  let shown = false;
  const isDue = every(INTERVAL_MS);
  const put = (text: string) => {
    stream.write(`${CLEAR_LINE}${text}`);
    shown = true;
  };
  return {
    show: (event) => {
      if (!isDue()) return;
      const percent = event.progress === undefined ? '' : ` ${event.progress.toFixed(0)} %`;
      const detail = event.file === undefined ? '' : ` (${printableLine(event.file)})`;
      put(`${PHASES[event.phase]}${percent}${detail}`);
    },
    note: (text) => put(printableLine(text)),
    tick: (text) => {
      if (isDue()) put(printableLine(text()));
    },
    end: (text) => {
      stream.write(`${CLEAR_LINE}${printableLine(text)}\n`);
      shown = false;
    },
    clear: () => {
      if (shown) stream.write(CLEAR_LINE);
      shown = false;
    },
  };
}
