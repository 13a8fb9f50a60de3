/** @file The messages between `embed-2b`, `embed` and their child processes. */

import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { WeightsMode } from '../../src/runtime';
import { MemoryWatch } from './process-memory';
import type { CaptionKind } from './workload';

/** The usual pipeline's batch: all captions in one call. */
export const WHOLE = 0;

/** The package or the usual export, each with its ways to multiply. */
export type PipelineKind = 'ours' | 'ours-float' | 'ours-fast' | 'usual' | 'usual-int8' | 'usual-checked';

export type EmbedJob = { answer: boolean } & (
  | { kind: 'image' }
  /** This many pictures of 448 × 448, all different. */
  | { kind: 'pictures'; count: number }
  /** A picture of any size, for any model. */
  | { kind: 'photo'; width: number; height: number; numCrops?: number }
  /** `batch`: captions per call of the usual pipeline; ours packs by itself. `of`: see `workload.ts`. */
  | { kind: 'captions'; count: number; batch: number; of?: CaptionKind }
);

export interface EmbedReply {
  seconds: number;
  /** CPU seconds, over all cores. */
  cpu: number;
  vectors: (number[] | null)[];
  /** Tokens of all its inputs together, if the job counts them. */
  tokens?: number;
}

/** A pipeline in its own process. */
export class EmbedProcess {
  readonly memory: MemoryWatch;
  readonly loadSeconds: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, memory: MemoryWatch, loadSeconds: number) {
    this.#child = child;
    this.memory = memory;
    this.loadSeconds = loadSeconds;
  }

  static async start(
    kind: PipelineKind,
    bundle: string,
    usual: string,
    weights: WeightsMode = 'resident',
  ): Promise<EmbedProcess> {
    const child = fork(fileURLToPath(new URL('embed-child.ts', import.meta.url)), [kind, bundle, usual, weights]);
    const memory = new MemoryWatch(child.pid!, 'load');
    const { seconds } = await reply(child);
    memory.phase('idle');
    return new EmbedProcess(child, memory, seconds);
  }

  /** Runs a job; its peak memory is kept under `phase`. */
  async run(job: EmbedJob, phase: string): Promise<EmbedReply> {
    this.memory.phase(phase);
    this.#child.send(job);
    const answer = await reply(this.#child);
    this.memory.phase('idle');
    return answer;
  }

  stop(): void {
    this.memory.stop();
    this.#child.kill();
  }
}

function reply(child: ChildProcess): Promise<EmbedReply> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`The child process ended with code ${code}.`));
    child.once('exit', ended);
    child.once('message', (message: EmbedReply) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}
