/** @file For tests in Node: an index with two invented models, without a worker or a page in between. */

import { expect } from 'vitest';
import { decodePicture } from '../../image';
import { EmbedGate } from '../library/embed-gate';
import { EmbedQueue } from '../library/embed-queue';
import { deepModel, type DeepModel } from '../library/deep-model';
import type { PageHooks, WireState } from '../library/protocol';
import { search } from '../library/search';
import { SearchService } from '../library/service';
import type { DeepOptions, EmbedderInput, PhotoEmbedder, SearchOptions, SearchQuery, SearchResult } from '../types';

export { decodePicture };

/** A PNG as far as its headers go; its number determines its vectors. */
export function png(number: number, path = `${number}.png`): { path: string; file: File } {
  const bytes = new Uint8Array(64);
  bytes.set([
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 2, 0, 0, 0, 2,
  ]);
  bytes.set([8, 2], 24);
  new DataView(bytes.buffer).setUint32(56, number);
  // A higher number means an older picture.
  return { path, file: new File([bytes], path, { lastModified: Date.UTC(2026, 0, 1) - number * 86_400_000 }) };
}

/** A unit vector that differs for each number and model. // [dims] */
export function vectorOf(number: number, model: string, dims: number): Float32Array {
  let state = Math.imul(number + 1, 2654435761) ^ Math.imul(model.length * 7919 + model.charCodeAt(0), 40503);
  const vector = Float32Array.from({ length: dims }, (_, i) => {
    state = Math.imul(state ^ (state >>> 15), 2246822519) + i + 1;
    return ((state >>> 8) & 0xffff) / 65536 - 0.5;
  });
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

export interface MadeUp extends PhotoEmbedder {
  /** How often each picture was embedded, by its number. */
  counts: Map<number, number>;
  /** Queries in words. */
  texts: EmbedderInput[];
  /** Called before pictures are embedded; may wait or throw. */
  before: (numbers: number[], signal: AbortSignal | undefined) => Promise<void> | void;
}

/**
 * The vector of a text `like 7` is close to that of picture 7; for a picture with a text it is the picture's, rotated a
 * little.
 */
export function madeUp(id: string, dims: number, more: Partial<PhotoEmbedder> = {}): MadeUp {
  const embedder: MadeUp = {
    id,
    name: `The ${id} one`,
    dims,
    counts: new Map(),
    texts: [],
    before: () => undefined,
    async embed(inputs, { signal }) {
      const numbers = await Promise.all(inputs.map(({ image }) => numberOf(image)));
      const pictures = numbers.filter((number) => number !== null);
      if (inputs.every(({ role, text }) => role !== 'query' && text === undefined)) {
        await embedder.before(pictures, signal);
        for (const number of pictures) embedder.counts.set(number, (embedder.counts.get(number) ?? 0) + 1);
      } else embedder.texts.push(...inputs);
      signal?.throwIfAborted();
      return inputs.map(({ text }, i) => {
        if (embedder.inputs?.together === false && text !== undefined && numbers[i] !== null) {
          throw new Error('words and a picture at once');
        }
        const wanted = /like (\d+)/.exec(text ?? '');
        const vector = vectorOf(wanted ? Number(wanted[1]) : (numbers[i] ?? 0), id, dims);
        if (wanted) vector[0]! += 0.1;
        return vector;
      });
    },
    ...more,
  };
  return embedder;
}

async function numberOf(image: EmbedderInput['image']): Promise<number | null> {
  if (image === undefined) return null;
  return new DataView(await (image as Blob).arrayBuffer()).getUint32(56);
}

/** An index as a page would have it. */
export interface Bench {
  service: SearchService;
  states: WireState[];
  search(query: SearchQuery, options?: SearchOptions): Promise<SearchResult>;
  useDeep(options: DeepOptions | null): Promise<void>;
  /** Adds pictures as a folder, and indexes them with the first pass. */
  add(name: string, files: ReturnType<typeof png>[]): Promise<void>;
  until(holds: (state: WireState) => boolean): Promise<WireState>;
  deepDone(): Promise<WireState>;
  /** Leaves it as a killed page would: nothing is closed. */
  close(): Promise<void>;
}

const LIMITS = { fileBytes: 1e6, pixels: 1e6, decodeSeconds: 5, embedSeconds: 5 };

export async function openBench(embedder: PhotoEmbedder, deepOptions: DeepOptions | null = null): Promise<Bench> {
  const queue = new EmbedQueue();
  const gate = new EmbedGate(embedder, LIMITS, queue);
  let deep: DeepModel | null = null;
  const states: WireState[] = [];
  const hooks: PageHooks = {
    embed: (inputs) => gate.index(inputs),
    abortEmbeddings: () => gate.abortIndexing(),
    embedDeep: async (inputs, wanted) => deep?.gate.index(inputs, wanted ? 1 : 2) ?? { kind: 'aborted' },
    abortDeep: () => deep?.gate.abortIndexing(),
    onState: (state) => void states.push(state),
    places: async () => null,
    left: () => null,
    onDecoding: () => undefined,
  };
  const service = new SearchService();
  await service.connect(hooks, `life ${Math.random()}`);
  const place = {
    place: `bench-${embedder.id}`,
    name: 'photos',
    modelId: embedder.id,
    modelName: embedder.name ?? null,
  };
  const innocent = { left: null, ended: null };
  await service.open(
    {
      ...place,
      dims: embedder.dims,
      limits: LIMITS,
      takesPixels: false,
      transparency: 'drop',
      streamed: false,
      deep: null,
      innocent,
    },
    false,
  );
  let calls = 0;
  const bench: Bench = {
    service,
    states,
    search: (query, options = {}) =>
      search(query, options, {
        first: { embedder, gate },
        deep,
        queue,
        call: (run) => run(service as never),
        stoppable: async (signal, run) => {
          const call = calls++;
          signal?.addEventListener('abort', () => service.abort(call));
          return run(service as never, call);
        },
        file: (id) => service.file(id),
      }),
    async useDeep(options) {
      deep = options && deepModel(options, { first: embedder, limits: LIMITS, queue });
      await service.useDeep(deep?.settings ?? null);
    },
    async add(name, files) {
      await service.add({ name, files });
      await service.start();
      await bench.until(({ phase }) => phase === 'idle');
    },
    async until(holds) {
      for (let tries = 0; tries < 1000; tries++) {
        const state = await service.state();
        if (holds(state)) return state;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect.fail(`never so: ${JSON.stringify(await service.state())}`);
    },
    async deepDone() {
      await service.startDeep();
      return bench.until((state) => state.deep!.phase === 'idle');
    },
    close: () => service.close(),
  };
  if (deepOptions) await bench.useDeep(deepOptions);
  return bench;
}
