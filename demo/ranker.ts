/** @file Ranks captions as one types: what was embedded for the last ranking is not embedded again. */
import { instructions, similarity, type EmbedInput, type EmbedOptions } from '../src/index';
import type { RankedCaption } from './ranking';

/** The part of a model that is needed. */
export interface Embedder {
  embed(inputs: readonly EmbedInput[], options?: EmbedOptions): Promise<Float32Array[]>;
}

/** What `VLM2Vec.rank` asks of an image against captions. */
const INSTRUCTION = instructions.MSCOCO_i2t.query.replace('{image}', '').trim();

/** The same order and scores as `VLM2Vec.rank({ image }, captions)`. */
export class Ranker {
  readonly #model: Embedder;
  #picture: { blob: Blob; vector: Float32Array } | null = null;
  #captions = new Map<string, Float32Array>();

  constructor(model: Embedder) {
    this.#model = model;
  }

  async rank(blob: Blob, captions: readonly string[], signal: AbortSignal): Promise<RankedCaption[]> {
    const fresh = captions.filter((caption) => !this.#captions.has(caption));
    const known = this.#picture?.blob === blob ? this.#picture.vector : null;
    const query: EmbedInput[] = known ? [] : [{ image: blob, instruction: INSTRUCTION }];
    const inputs = [...query, ...fresh];
    const vectors = inputs.length > 0 ? await this.#model.embed(inputs, { signal }) : [];
    signal.throwIfAborted();

    const picture = known ?? vectors.shift()!;
    const all = new Map([...this.#captions, ...fresh.map((caption, i) => [caption, vectors[i]!] as const)]);
    this.#picture = { blob, vector: picture };
    this.#captions = new Map(captions.map((caption) => [caption, all.get(caption)!]));
    return captions
      .map((caption) => ({ caption, score: similarity(picture, all.get(caption)!) }))
      .sort((a, b) => b.score - a.score);
  }
}
