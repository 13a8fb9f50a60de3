/**
 * @file One pass over a large remote file, front to back: fetched a few blocks ahead and hashed as it is used, so that
 * the whole file can be verified without keeping it anywhere.
 */

import { createSHA256, type IHasher } from 'hash-wasm';
import { base64ToBytes, bytesToBase64 } from '../bundle/base64';
import { hexDigest } from '../bundle/digest';
import { IntegrityError } from '../errors';
import type { HttpFile } from '../net';
import type { CheckedPass, Claim, PassState } from './types';
import { until } from '../until';

const BLOCK_BYTES = 8 * 1024 * 1024;
/** Blocks in memory: the one in use, and those being fetched. */
const BLOCKS = 4;

interface Running {
  hasher: IHasher;
  position: number;
  /** The blocks from the one that holds `position` on. */
  blocks: { start: number; end: number; bytes: Promise<Uint8Array> }[];
  /** Ascending; those before `position` are gone. */
  claims: { claim: Claim; came: Uint8Array | null }[];
  stop: AbortController;
  /** Reads go one after another. */
  last: Promise<unknown>;
}

export class RemotePass implements CheckedPass {
  readonly sha256: string;
  readonly #file: HttpFile;
  readonly #size: number;
  readonly #blockBytes: number;
  readonly #claims: Promise<Claim>[] = [];
  #running: Running | null = null;

  constructor(file: HttpFile, size: number, sha256: string, blockBytes = BLOCK_BYTES) {
    this.#file = file;
    this.#size = size;
    this.sha256 = sha256;
    this.#blockBytes = blockBytes;
  }

  get active(): boolean {
    return this.#running !== null;
  }

  /** Records what was read out of order. */
  claim(start: number, end: number, bytes: Uint8Array): void {
    this.#claims.push(hexDigest('SHA-256', bytes).then((hash): Claim => [start, end, hash]));
  }

  claims(): Promise<readonly Claim[]> {
    return Promise.all(this.#claims);
  }

  async begin(from: PassState | null, claims: readonly Claim[]): Promise<void> {
    this.end();
    const hasher = await createSHA256();
    hasher.init();
    if (from) hasher.load(base64ToBytes(from.hasher));
    const position = from?.position ?? 0;
    this.#running = {
      hasher,
      position,
      blocks: [],
      claims: claims
        .filter(([start]) => start >= position)
        .sort((a, b) => a[0] - b[0])
        .map((claim) => ({ claim, came: null })),
      stop: new AbortController(),
      last: Promise.resolve(),
    };
  }

  /** Bytes `start` to `end`; what lies between the pass and `start` is read too. */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#inTurn(async (running) => {
      // Rows of a transposed tensor: these bytes were hashed as they passed, but have to be fetched again.
      if (start < running.position) return this.#file.read(start, end, signal);
      await this.#advance(running, start, null, signal);
      const out = new Uint8Array(end - start);
      await this.#advance(running, end, out, signal);
      return out;
    });
  }

  state(): PassState | null {
    const running = this.#running;
    if (!running || running.claims.some(({ came }) => came !== null)) return null;
    return { position: running.position, hasher: bytesToBase64(running.hasher.save()) };
  }

  finish(signal?: AbortSignal): Promise<string> {
    return this.#inTurn(async (running) => {
      await this.#advance(running, this.#size, null, signal);
      return running.hasher.digest('hex');
    });
  }

  end(): void {
    this.#running?.stop.abort();
    this.#running = null;
  }

  #inTurn<T>(work: (running: Running) => Promise<T>): Promise<T> {
    const running = this.#running!;
    const turn = running.last.then(() => work(running));
    running.last = turn.catch(() => undefined);
    return turn;
  }

  async #advance(running: Running, to: number, out: Uint8Array | null, signal?: AbortSignal): Promise<void> {
    for (let filled = 0; running.position < to;) {
      signal?.throwIfAborted();
      this.#fetchAhead(running);
      const block = running.blocks[0]!;
      const bytes = await until(signal, block.bytes);
      const { position } = running;
      const part = bytes.subarray(position - block.start, Math.min(to, block.end) - block.start);
      running.hasher.update(part);
      out?.set(part, filled);
      filled += part.length;
      running.position += part.length;
      if (running.position === block.end) running.blocks.shift();
      if (running.claims.length > 0) await this.#compare(running, position, part);
    }
  }

  #fetchAhead({ blocks, position, stop }: Running): void {
    while (blocks.length < BLOCKS) {
      const start = blocks.at(-1)?.end ?? position;
      if (start >= this.#size) return;
      const end = Math.min(start + this.#blockBytes, this.#size);
      const bytes = this.#file.read(start, end, stop.signal);
      bytes.catch(() => undefined); // it is awaited when its turn comes, unless the pass ends first
      blocks.push({ start, end, bytes });
    }
  }

  async #compare(running: Running, position: number, part: Uint8Array): Promise<void> {
    const reached = position + part.length;
    for (const each of running.claims) {
      const [start, end, expected] = each.claim;
      if (start >= reached) break;
      each.came ??= new Uint8Array(end - start);
      const from = Math.max(start, position);
      each.came.set(part.subarray(from - position, Math.min(end, reached) - position), from - start);
      if (end > reached) continue;
      if ((await hexDigest('SHA-256', each.came)) !== expected) {
        throw new IntegrityError(
          `${this.#file.name}: bytes ${start} to ${end} were different when they were read again. Start again.`,
          { file: this.#file.name, start, end, restart: true },
        );
      }
    }
    running.claims = running.claims.filter(({ claim }) => claim[1] > reached);
  }
}
