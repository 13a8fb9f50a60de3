/** @file Runs a tower's stages one after another on onnxruntime-node, from files in a temporary folder. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { fromHalves, toHalves } from '../../../bundle/float16';
import { buildStageGraph } from '../..';
import { qwen2vlNetwork } from '../index';
import { textRotary, visionRotary } from '../../native/rotary';
import type { Qwen2VLConfig } from '../config';
import type { GraphOptions } from '../../types';
import type { StoredStage } from './store';

type Feeds = Record<string, ort.Tensor>;

/** The sessions of one model. */
export class Towers {
  readonly #config: Qwen2VLConfig;
  readonly #options: GraphOptions;
  readonly #stages: { kind: StoredStage['kind']; session: ort.InferenceSession }[] = [];

  private constructor(config: Qwen2VLConfig, options: GraphOptions) {
    this.#config = config;
    this.#options = options;
  }

  static async open(
    config: Qwen2VLConfig,
    stages: readonly StoredStage[],
    options: GraphOptions = { activations: 'f32' },
    sessionOptions: ort.InferenceSession.SessionOptions = {},
  ): Promise<Towers> {
    const towers = new Towers(config, options);
    const folder = await mkdtemp(join(tmpdir(), 'vlm2vec-stages-'));
    try {
      for (const stage of stages) {
        const path = join(folder, `${stage.name}.onnx`);
        await writeFile(join(folder, stage.weights.path), stage.data);
        await writeFile(path, buildStageGraph(qwen2vlNetwork(config, { head: null }), stage, options));
        const session = await ort.InferenceSession.create(path, { logSeverityLevel: 3, ...sessionOptions });
        towers.#stages.push({ kind: stage.kind, session });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
    return towers;
  }

  /** Visual tokens of images that share a grid. // [B*P, 588] → [B*P/4, hidden] */
  async vision(patches: Float32Array, grid: { height: number; width: number }): Promise<Float32Array> {
    const { vision } = this.#config;
    const perImage = grid.height * grid.width;
    const length = vision.channels * vision.patchSize ** 2;
    const { cos, sin, rows, columns } = visionRotary(this.#config.vision, grid);
    const result = await this.#run('vision', {
      patches: new ort.Tensor('float32', patches, [patches.length / length, length]),
      cos: new ort.Tensor('float32', cos, [rows, columns]),
      sin: new ort.Tensor('float32', sin, [rows, columns]),
      batch_shape: int64([patches.length / length / perImage, perImage, -1]),
    });
    return asFloat32(result.features!);
  }

  /**
   * Embeddings of a batch.
   * @param sequences Indices into tokenRows followed by features.
   * @param padding The index used for all padding, and for a row that belongs to no sequence.
   */
  async text(
    tokenRows: readonly ArrayLike<number>[],
    features: Float32Array | null,
    sequences: readonly (readonly number[])[],
    padding = 0,
  ): Promise<Float32Array[]> {
    const { hiddenSize } = this.#config;
    const length = Math.max(...sequences.map((sequence) => sequence.length));
    const { cos, sin, rows, columns } = textRotary(this.#config).sequence(length, '');
    const visual = features ?? new Float32Array(hiddenSize);
    const visualShape = [visual.length / hiddenSize, hiddenSize];
    const lastPositions = Int32Array.from(sequences, (sequence) => sequence.length - 1);
    const shown = [...sequences.flat(), padding];
    const padded = new Int32Array(sequences.length * length).fill(shown.length - 1);
    const packed = new Int32Array(shown.length);
    let row = 0;
    sequences.forEach((sequence, b) => {
      for (let i = 0; i < sequence.length; i++, row++) {
        padded[b * length + i] = row;
        packed[row] = b * length + i;
      }
    });
    const last = Int32Array.from(sequences, (sequence, b) => packed.indexOf(b * length + sequence.length - 1));
    const result = await this.#run('text', {
      token_rows: new ort.Tensor('float32', Float32Array.from(tokenRows.flatMap((row) => Array.from(row))), [
        tokenRows.length,
        hiddenSize,
      ]),
      features:
        this.#options.activations === 'f16'
          ? new ort.Tensor('float16', toHalves(visual, new Uint16Array(visual.length)) as never, visualShape)
          : new ort.Tensor('float32', visual, visualShape),
      rows: new ort.Tensor('int32', Int32Array.from(shown), [shown.length]),
      padded: new ort.Tensor('int32', padded, [padded.length]),
      packed: new ort.Tensor('int32', packed, [packed.length]),
      cos: new ort.Tensor('float32', cos, [rows, columns]),
      sin: new ort.Tensor('float32', sin, [rows, columns]),
      batch_shape: int64([sequences.length, length, -1]),
      seqlens_k: new ort.Tensor('int32', lastPositions, [sequences.length]),
      total_sequence_length: new ort.Tensor('int32', Int32Array.of(length), []),
      last: new ort.Tensor('int32', last, [sequences.length]),
    });
    const data = asFloat32(result.embedding!);
    return sequences.map((_, i) => data.slice(i * hiddenSize, (i + 1) * hiddenSize));
  }

  async release(): Promise<void> {
    for (const { session } of this.#stages) await session.release();
  }

  async #run(kind: StoredStage['kind'], feeds: Feeds): Promise<Feeds> {
    let result: Feeds = {};
    for (const { session } of this.#stages.filter((stage) => stage.kind === kind)) {
      const available: Feeds = result.hidden_out ? { ...feeds, hidden: result.hidden_out } : feeds;
      const wanted = session.inputNames.map((name) => [name, available[name]!]);
      result = (await session.run(Object.fromEntries(wanted) as Feeds)) as Feeds;
    }
    return result;
  }
}

function int64(values: number[]): ort.Tensor {
  return new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]);
}

function asFloat32(tensor: ort.Tensor): Float32Array {
  if (tensor.type === 'float32') return tensor.data as Float32Array;
  const { buffer, byteOffset, length } = tensor.data as unknown as Uint16Array;
  return fromHalves(new Uint16Array(buffer, byteOffset, length), new Float32Array(length));
}
