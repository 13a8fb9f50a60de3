/**
 * @file The usual pipeline around the usual export: tokenize, look up embeddings, splice image features in, run the
 * decoder with an empty cache, get logits and the cache back. Tokenizer, image preparation, embedding rows and vision
 * graphs are the bundle's own, so that only the decoder's shape is compared.
 */

import { join, resolve } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { BundleManifest, BundleStage } from '../../src/bundle/manifest';
import type { RgbImage } from '../../src/image';
import { bundleBackbone, type Backbone, type EncodedPrompt } from '../../src/models';
import type { Qwen2VLConfig } from '../../src/models/qwen2-vl/config';
import { modelConfig } from '../../src/models/qwen2-vl/manifest-config';
import { TokenRows } from '../../src/runtime/token-rows';
import { folderBundle } from '../../src/store/folder.node.js';
import { loadTokenizer, type Tokenizer } from '../../src/text';
import type { UsualGraph } from './usual-export';

// ONNX Runtime reads it with the first session.
process.env.ORT_DISABLE_TELEMETRY = '1';

type Feeds = Record<string, Tensor>;

export class UsualPipeline {
  readonly #manifest: BundleManifest;
  readonly #config: Qwen2VLConfig;
  readonly #backbone: Backbone;
  readonly #tokenizer: Tokenizer;
  readonly #rows: TokenRows;
  readonly #vision: InferenceSession[];
  readonly #decoder: InferenceSession;

  private constructor(
    manifest: BundleManifest,
    parts: { tokenizer: Tokenizer; rows: TokenRows; vision: InferenceSession[]; decoder: InferenceSession },
  ) {
    this.#manifest = manifest;
    this.#config = modelConfig(manifest.config);
    this.#backbone = bundleBackbone(manifest, { head: null });
    this.#tokenizer = parts.tokenizer;
    this.#rows = parts.rows;
    this.#vision = parts.vision;
    this.#decoder = parts.decoder;
  }

  /**
   * @param decoder which of the export's graphs; one also returns the final hidden states, to check it against the
   * embedder
   */
  static async load(
    bundle: string,
    usual: string,
    manifest: BundleManifest,
    decoder: UsualGraph,
  ): Promise<UsualPipeline> {
    const reader = folderBundle(bundle);
    const files = new Map<string, Uint8Array>();
    for (const { path } of manifest.tokenizer.files) {
      const file = await reader.open(path);
      files.set(path.slice(path.lastIndexOf('/') + 1), await file.read(0, file.size));
    }
    const vision: InferenceSession[] = [];
    for (const stage of manifest.stages.filter(({ kind }) => kind === 'vision')) {
      vision.push(await InferenceSession.create(join(bundle, stage.graph.path), sessionOptions(bundle, stage)));
    }
    return new UsualPipeline(manifest, {
      tokenizer: await loadTokenizer(files),
      rows: new TokenRows(await reader.open(manifest.embeddings.path), manifest.embeddings),
      vision,
      decoder: await InferenceSession.create(join(usual, decoder), {
        graphOptimizationLevel: 'all',
      }),
    });
  }

  /** Runs captions `batch` at a time, padded to the longest of each batch. */
  async texts(captions: readonly string[], batch: number): Promise<(Float32Array | null)[]> {
    const prompted = captions.map((text) => this.#backbone.encode(this.#tokenizer, text, []));
    const vectors: (Float32Array | null)[] = [];
    for (let first = 0; first < prompted.length; first += batch) {
      vectors.push(...(await this.#decode(prompted.slice(first, first + batch), null)));
    }
    return vectors;
  }

  async image(picture: RgbImage, text: string): Promise<Float32Array | null> {
    const plan = this.#backbone.picture.plan(picture, {});
    const patches = this.#backbone.picture.fill(picture, plan);
    const count = plan.patches;
    const { cos, sin, columns } = this.#backbone.picture.rotary(plan)!;
    const feeds: Feeds = {
      patches: new Tensor('float32', patches, [count, patches.length / count]),
      cos: new Tensor('float32', cos, [count, columns]),
      sin: new Tensor('float32', sin, [count, columns]),
      batch_shape: shape(1, count),
    };
    let hidden: Tensor | undefined;
    for (const session of this.#vision) {
      const outputs: Record<string, unknown> = await session.run(
        select(session, hidden ? { ...feeds, hidden } : feeds),
      );
      hidden = outputs[session.outputNames[0]!] as Tensor;
    }
    const prompt = this.#backbone.encode(this.#tokenizer, text, [plan.tokens]);
    return (await this.#decode([prompt], hidden!.data as Float32Array))[0]!;
  }

  async #decode(prompts: readonly EncodedPrompt[], features: Float32Array | null): Promise<(Float32Array | null)[]> {
    const { hiddenSize, kvHeads, headDim, layers } = this.#config;
    const batch = prompts.length;
    const length = Math.max(...prompts.map(({ ids }) => ids.length));
    const { cos, sin, columns } = this.#backbone.rotary!.sequence(length, '');
    const feeds: Feeds = {
      inputs_embeds: new Tensor('float32', await this.#embed(prompts, length, features), [batch * length, hiddenSize]),
      batch_shape: shape(batch, length),
      seqlens_k: new Tensor(
        'int32',
        Int32Array.from(prompts, ({ ids }) => ids.length - 1),
        [batch],
      ),
      total_sequence_length: new Tensor('int32', Int32Array.of(length), []),
      cos: new Tensor('float32', cos, [length, columns]),
      sin: new Tensor('float32', sin, [length, columns]),
    };
    for (let layer = 0; layer < layers; layer++) {
      for (const kind of ['key', 'value']) {
        const empty = new Tensor('float32', new Float32Array(0), [batch, kvHeads, 0, headDim]);
        feeds[`past_key_values.${layer}.${kind}`] = empty;
      }
    }
    const outputs = await this.#decoder.run(feeds);
    const states = outputs.norm?.data as Float32Array | undefined;
    const vectors = prompts.map(({ ids }, b) => {
      const at = (b * length + ids.length - 1) * hiddenSize;
      return states ? unit(states.slice(at, at + hiddenSize)) : null;
    });
    for (const output of Object.values(outputs)) output.dispose();
    return vectors;
  }

  /** Token rows and image features in their places. // [B*S, H] */
  async #embed(
    prompts: readonly EncodedPrompt[],
    length: number,
    features: Float32Array | null,
  ): Promise<Float32Array> {
    const { hiddenSize } = this.#config;
    const distinct = [...new Set(prompts.flatMap(({ ids }) => ids))];
    const rows = await this.#rows.gather(distinct);
    const slots = new Map(distinct.map((id, slot) => [id, slot]));
    const embeds = new Float32Array(prompts.length * length * hiddenSize);
    prompts.forEach(({ ids, images: [image] }, b) => {
      ids.forEach((id, i) => {
        const slot = slots.get(id)!;
        embeds.set(rows.subarray(slot * hiddenSize, (slot + 1) * hiddenSize), (b * length + i) * hiddenSize);
      });
      if (image && features) embeds.set(features, (b * length + image.start) * hiddenSize);
    });
    return embeds;
  }
}

function sessionOptions(bundle: string, stage: BundleStage): InferenceSession.SessionOptions {
  const folder = resolve(bundle, stage.graph.path, '..');
  return {
    graphOptimizationLevel: 'all',
    extra: { session: { model_external_initializers_file_folder_path: folder } },
  };
}

function select(session: InferenceSession, feeds: Feeds): Feeds {
  return Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!]));
}

function shape(batch: number, length: number): Tensor {
  return new Tensor('int64', BigInt64Array.of(BigInt(batch), BigInt(length), -1n), [3]);
}

function unit(vector: Float32Array): Float32Array {
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}
