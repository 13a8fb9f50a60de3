/**
 * @file A bundle of official size with random weights, written as it is and not converted: seconds in place of an hour. A
 * matrix repeats a few rows, which costs the same to read and to multiply. Its probe is made up: for Node's CPU, which does
 * not run it.
 */

import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  BUNDLE_FORMAT,
  BUNDLE_VERSION,
  CHUNK_BYTES,
  type BundleFile,
  type BundleManifest,
  type BundleStage,
  type JsonObject,
  type WeightDtype,
} from '../../src/bundle/manifest';
import { PieceEncoder } from '../../src/convert/encode';
import { boundLayout, storedBytes } from '../../src/convert/layout';
import { placeWeights, type PlacedFile, type PlacedWeight } from '../../src/convert/plan';
import { columnsOf, rowsPerChunk } from '../../src/convert/rows';
import { architectureOf, buildStageGraph, slicesToFit, type PlannedWeight } from '../../src/models';
import { recipeNamed, recipeToJson } from '../../src/recipes';
import { toBase64 } from '../../src/runtime/probe';
import { OFFICIAL_MODELS } from '../../src/testing/official-models';
import { configOfRow, labelOf, ROWS, writeTokenizer, type SyntheticOptions } from '../synthetic-checkpoint';
import { Random } from './random-weights';
import { baseSpread } from './spreads';

/** Different rows of a matrix. */
const ROWS_MADE = 32;

/** Writes what is missing of `<root>/random-<label>-<dtype>`; gives the folder. */
export function ensureRandomBundle(options: SyntheticOptions, dtype: WeightDtype): string {
  const { model, small = false, root = '.cache' } = options;
  const { official } = ROWS[model];
  const folder = join(root, `random-${labelOf(options)}-${dtype}`);
  if (existsSync(join(folder, 'bundle.json'))) return folder;
  mkdirSync(folder, { recursive: true });
  writeTokenizer(official, folder);
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as JsonObject;
  const [tokenizer, tokenizerConfig] = [read('tokenizer.json'), read('tokenizer_config.json')];
  const config = configOfRow(model, small ? 'small' : 'official');
  const { preprocessor } = OFFICIAL_MODELS[official];
  const architecture = architectureOf(config);
  const backboneOf = (mlpSlices: number) =>
    architecture.fromCheckpoint({ config, preprocessor, tokenizer, tokenizerConfig }, { head: null, mlpSlices });
  const layoutOf = (weight: PlannedWeight) => boundLayout(weight, dtype, 'least');
  const mlpSlices = slicesToFit(backboneOf, (weight) => storedBytes(weight, layoutOf(weight)));
  const backbone = backboneOf(mlpSlices);
  const weights = [...backbone.towers.vision.blocks, ...backbone.towers.text.blocks].flat(2);
  const plan = placeWeights(backbone, dtype, new Map(weights.map((weight) => [weight.name, layoutOf(weight)])));

  const writer = new RandomFiles(folder, dtype);
  const stages = plan.stages.map(({ plan: { name, kind, steps }, file }): BundleStage => {
    const weights = writer.write(file);
    const tensors = file.weights.flatMap((placed) => placed.tensors);
    const graph = buildStageGraph(backbone, { kind, steps, weights, tensors }, { activations: 'f32' });
    writeFileSync(join(folder, `${name}.onnx`), graph);
    return { name, kind, steps, graph: fileOf(`${name}.onnx`, graph), weights, tensors };
  });
  const { table } = plan;
  const manifest: BundleManifest = {
    format: BUNDLE_FORMAT,
    version: BUNDLE_VERSION,
    architecture: architecture.id,
    recipe: recipeToJson(recipeNamed(architecture.recipe)),
    assumed: null,
    dims: backbone.dims,
    dtype,
    source: { base: { id: `random/${official}`, revision: null }, adapter: null },
    config: backbone.config,
    mlpSlices,
    stages,
    embeddings: {
      ...writer.write(table),
      ...{ rows: backbone.vocabSize, columns: backbone.hiddenSize, dtype, rowBytes: table.rowBytes },
    },
    tokenizer: { files: ['tokenizer.json', 'tokenizer_config.json'].map((name) => fileAt(folder, name)) },
    image: backbone.image,
    prompts: backbone.prompts,
    probe: [{ name: 'made up', text: 'x', picture: null, embedding: toBase64(unit(backbone.dims)) }],
  };
  writeFileSync(join(folder, 'bundle.json.part'), JSON.stringify(manifest));
  renameSync(join(folder, 'bundle.json.part'), join(folder, 'bundle.json'));
  return folder;
}

class RandomFiles {
  readonly #folder: string;
  readonly #encoder: PieceEncoder;
  readonly #random = new Random(7);

  constructor(folder: string, dtype: WeightDtype) {
    this.#folder = folder;
    this.#encoder = new PieceEncoder(dtype);
  }

  write({ path, bytes, weights }: PlacedFile): BundleFile {
    const data = new Uint8Array(bytes);
    for (const placed of weights) this.#fill(data, placed);
    const file = openSync(join(this.#folder, path), 'w');
    for (let at = 0; at < bytes; at += CHUNK_BYTES) writeSync(file, data, at, Math.min(CHUNK_BYTES, bytes - at), at);
    closeSync(file);
    return fileOf(path, data);
  }

  #fill(data: Uint8Array, placed: PlacedWeight): void {
    const { weight, tensors } = placed;
    const columns = columnsOf(weight);
    const rows = weight.shape[0]!;
    const count = weight.shape.length < 2 ? rows : Math.min(rows, ROWS_MADE, rowsPerChunk(weight));
    const { mean, deviation } = baseSpread({ name: weight.parts[0]!, shape: weight.shape });
    const values = Float32Array.from({ length: count * columns }, () => mean + deviation * this.#random.normal());
    const piece = { index: 0, placed, row: 0, part: weight.parts[0]!, first: 0, count };
    this.#encoder.encode(piece, values).forEach(({ bytes }, i) => {
      const { offset, bytes: length } = tensors[i]!;
      const whole = data.subarray(offset, offset + length);
      for (let at = 0; at < length; at += bytes.length) whole.set(bytes.subarray(0, length - at), at);
    });
  }
}

function fileAt(folder: string, path: string): BundleFile {
  return fileOf(path, readFileSync(join(folder, path)));
}

function fileOf(path: string, data: Uint8Array): BundleFile {
  const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const chunks: string[] = [];
  for (let at = 0; at < data.length; at += CHUNK_BYTES) chunks.push(hash(data.subarray(at, at + CHUNK_BYTES)));
  return { path, bytes: data.length, sha256: hash(data), chunks };
}

function unit(length: number): Float32Array {
  return new Float32Array(length).fill(1 / Math.sqrt(length));
}
