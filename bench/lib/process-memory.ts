/**
 * @file Memory of a child process over time, from /proc (Linux). `anonymous` is what the process itself allocated;
 * `file` are pages of mapped files, which the kernel can drop (ONNX Runtime maps weight files); `resident` is both.
 */

import { readFileSync } from 'node:fs';

/** Bytes. */
export interface Memory {
  resident: number;
  anonymous: number;
  file: number;
}

export function readMemory(pid: number): Memory | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return null; // the process has ended
  }
  const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { resident: bytes('VmRSS'), anonymous: bytes('RssAnon'), file: bytes('RssFile') };
}

/** Samples a process and keeps the peak of every phase. */
export class MemoryWatch {
  readonly peaks = new Map<string, Memory>();
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #phase: string;

  constructor(pid: number, phase: string, everyMs = 20) {
    this.#pid = pid;
    this.#phase = phase;
    this.#timer = setInterval(() => this.#sample(), everyMs);
    this.#sample();
  }

  /** Ends the phase and starts the next. */
  phase(name: string): void {
    this.#sample();
    this.#phase = name;
    this.#sample();
  }

  stop(): void {
    this.#sample();
    clearInterval(this.#timer);
  }

  #sample(): void {
    const memory = readMemory(this.#pid);
    if (!memory) return;
    const peak = this.peaks.get(this.#phase) ?? { resident: 0, anonymous: 0, file: 0 };
    for (const key of ['resident', 'anonymous', 'file'] as const) peak[key] = Math.max(peak[key], memory[key]);
    this.peaks.set(this.#phase, peak);
  }
}
