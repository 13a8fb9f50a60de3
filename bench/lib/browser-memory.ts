/** @file Memory and processor time of a Chromium, from /proc (Linux): its renderers, and all of its processes. */

import { readdirSync, readFileSync } from 'node:fs';
import { readMemory } from './process-memory';

/** Bytes. */
export interface BrowserMemory {
  /** Of the largest renderer, resident. The page and its workers are one process. */
  renderer: number;
  /** What that renderer itself allocated. */
  rendererOwn: number;
  /** Own allocations of all processes: files that the browser holds in memory for the page are here. */
  allOwn: number;
}

/** Samples the processes below `root` and keeps the peak of every phase. */
export class BrowserWatch {
  readonly peaks = new Map<string, BrowserMemory>();
  phase = 'start';
  readonly #root: number;
  readonly #timer: NodeJS.Timeout;

  constructor(root: number, everyMs = 100) {
    this.#root = root;
    this.#timer = setInterval(() => this.sample(), everyMs);
  }

  stop(): void {
    this.sample();
    clearInterval(this.#timer);
  }

  sample(): BrowserMemory {
    const now: BrowserMemory = { renderer: 0, rendererOwn: 0, allOwn: 0 };
    for (const pid of processesBelow(this.#root)) {
      const memory = readMemory(pid);
      if (!memory) continue;
      now.allOwn += memory.anonymous;
      if (memory.resident <= now.renderer || !commandOf(pid).includes('--type=renderer')) continue;
      now.renderer = memory.resident;
      now.rendererOwn = memory.anonymous;
    }
    const peak = this.peaks.get(this.phase) ?? now;
    for (const key of ['renderer', 'rendererOwn', 'allOwn'] as const) peak[key] = Math.max(peak[key], now[key]);
    this.peaks.set(this.phase, peak);
    return now;
  }
}

/** Seconds that the renderers below a process have computed so far, on all cores together. */
export function rendererSeconds(root: number): number {
  let ticks = 0;
  for (const pid of processesBelow(root)) {
    if (!commandOf(pid).includes('--type=renderer')) continue;
    const fields = statOf(pid);
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / 100; // Linux reports hundredths
}

/** Ids of a process and its descendants. */
function processesBelow(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

function parentOf(pid: number): number | null {
  const fields = statOf(pid);
  return fields.length > 1 ? Number(fields[1]) : null;
}

/** The fields of `stat` after the process's name. */
function statOf(pid: number): string[] {
  // The name in brackets may contain anything, so the fields start after the last bracket.
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process has ended
  }
}
