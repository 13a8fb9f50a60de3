/**
 * @file `bundle.json` → {@link BundleManifest}, trusting nothing: a manifest may come from any server. Whatever passes
 * is safe to use: paths are plain, sizes add up, tensors lie inside their files without overlap, stages chain.
 */

import { BundleFormatError } from '../errors';
import {
  BUNDLE_FORMAT,
  BUNDLE_VERSION,
  CHUNK_BYTES,
  MANIFEST_PATH,
  MAX_STAGE_BYTES,
  type BundleFile,
  type BundleManifest,
  type BundleSource,
  type BundleStage,
  type EmbeddingTable,
  type ImageConfig,
  type ProbeCase,
  type PromptConfig,
  type StoredDtype,
  type StoredTensor,
  type WeightDtype,
} from './manifest';
import { isPlainPath } from './paths';
import { rowBytes } from './rows';

/** A manifest lists a few hundred tensors and hashes: about 200 kB for the 2B model. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
const MAX_DIMS = 65536;
const MAX_PICTURE_SIDE = 4096;
const ELEMENT_BYTES: Record<StoredDtype, number> = { f32: 4, f16: 2, u8: 1 };
const WEIGHT_DTYPES: readonly WeightDtype[] = ['fp32', 'fp16', 'q8', 'q4'];
const ADAPTER_KINDS = ['lora', 'rslora', 'dora'] as const;

/**
 * Parses and checks the bytes of `bundle.json`. Keys this version does not know are dropped.
 * @throws {BundleFormatError} naming the place in the file and what is wrong there.
 */
export function parseManifest(bytes: Uint8Array): BundleManifest {
  if (bytes.length > MAX_MANIFEST_BYTES) throw new BundleFormatError(`${MANIFEST_PATH} is too large to be a manifest.`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new BundleFormatError(`${MANIFEST_PATH} is not JSON in UTF-8.`, {}, { cause });
  }
  return new Field('', json).manifest();
}

/** A value somewhere in the file; every accessor checks it and says where it is when it is wrong. */
class Field {
  readonly #at: string;
  readonly #value: unknown;

  constructor(at: string, value: unknown) {
    this.#at = at;
    this.#value = value;
  }

  fail(what: string): never {
    const where = this.#at === '' ? MANIFEST_PATH : `${MANIFEST_PATH}, ${this.#at}`;
    throw new BundleFormatError(`${where}: ${what}`, { at: this.#at });
  }

  get(key: string): Field {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail('an object is expected.');
    const own = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    return new Field(this.#at === '' ? key : `${this.#at}.${key}`, own);
  }

  items<T>(read: (item: Field, index: number) => T, { min = 0, max = 100_000 } = {}): T[] {
    const value = this.#value;
    if (!Array.isArray(value)) this.fail('an array is expected.');
    if (value.length < min || value.length > max) this.fail(`${min} to ${max} entries are expected.`);
    return value.map((item, index) => read(new Field(`${this.#at}[${index}]`, item), index));
  }

  string(max = 1_000_000): string {
    if (typeof this.#value !== 'string' || this.#value.length > max) this.fail(`a text of at most ${max} is expected.`);
    return this.#value;
  }

  oneOf<T extends string>(allowed: readonly T[]): T {
    const value = allowed.find((each) => each === this.#value);
    return value ?? this.fail(`one of ${allowed.join(', ')} is expected.`);
  }

  integer(min: number, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.#value;
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
      this.fail(`a whole number from ${min} to ${max} is expected.`);
    }
    return value as number;
  }

  number(min: number, max: number): number {
    const value = this.#value;
    if (typeof value !== 'number' || !(value >= min && value <= max)) this.fail(`a number from ${min} to ${max} is expected.`);
    return value;
  }

  sha256(): string {
    const value = this.#value;
    if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) this.fail('a SHA-256 in lower-case hex is expected.');
    return value;
  }

  nullable<T>(read: (field: Field) => T): T | null {
    return this.#value === null ? null : read(this);
  }

  /** Plain JSON without the key `__proto__`, which careless code would take for a prototype. */
  record(): Record<string, unknown> {
    const clean = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      if (Object.hasOwn(value, '__proto__')) this.fail('the key __proto__ is not allowed.');
      Object.values(value).forEach(clean);
    };
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail('an object is expected.');
    clean(value);
    return value as Record<string, unknown>;
  }

  manifest(): BundleManifest {
    this.get('format').oneOf([BUNDLE_FORMAT]);
    const version = this.get('version').integer(0);
    if (version !== BUNDLE_VERSION) {
      const remedy = version > BUNDLE_VERSION ? 'Update vlm2vec-web' : 'Convert the checkpoint again';
      this.get('version').fail(`this bundle has version ${version}, but version ${BUNDLE_VERSION} is read. ${remedy}.`);
    }
    const manifest: BundleManifest = {
      format: BUNDLE_FORMAT,
      version: BUNDLE_VERSION,
      architecture: this.get('architecture').oneOf(['qwen2_vl']),
      dims: this.get('dims').integer(1, MAX_DIMS),
      dtype: this.get('dtype').oneOf(WEIGHT_DTYPES),
      source: this.get('source').source(),
      config: this.get('config').record(),
      stages: this.get('stages').items((stage) => stage.stage(), { min: 1, max: 10_000 }),
      embeddings: this.get('embeddings').table(),
      tokenizer: { files: this.get('tokenizer').get('files').items((file) => file.file(), { min: 1, max: 100 }) },
      image: this.get('image').image(),
      prompts: this.get('prompts').prompts(),
      probe: [],
    };
    manifest.probe = this.get('probe').items((probe) => probe.probe(manifest.dims), { max: 100 });
    if (manifest.embeddings.columns !== manifest.dims) this.get('embeddings').get('columns').fail('dims is expected.');
    this.#checkPaths(manifest);
    this.#checkChain(manifest.stages);
    return manifest;
  }

  source(): BundleSource {
    const origin = (field: Field) => ({
      id: field.get('id').string(),
      revision: field.get('revision').nullable((revision) => revision.string()),
    });
    return {
      base: origin(this.get('base')),
      adapter: this.get('adapter').nullable((adapter) => ({
        ...origin(adapter),
        kind: adapter.get('kind').oneOf(ADAPTER_KINDS),
      })),
    };
  }

  file(maxBytes = Number.MAX_SAFE_INTEGER): BundleFile {
    const path = this.get('path').string();
    if (!isPlainPath(path)) this.get('path').fail('a plain relative path is expected.');
    const bytes = this.get('bytes').integer(0, maxBytes);
    const chunks = Math.max(1, Math.ceil(bytes / CHUNK_BYTES));
    return {
      path,
      bytes,
      sha256: this.get('sha256').sha256(),
      chunks: this.get('chunks').items((chunk) => chunk.sha256(), { min: chunks, max: chunks }),
    };
  }

  stage(): BundleStage {
    const blocks = this.get('blocks');
    const first = blocks.get('first').integer(0, 100_000);
    const weights = this.get('weights').file(MAX_STAGE_BYTES);
    const tensors = this.get('tensors').items((tensor) => tensor.tensor(weights.bytes), { max: 10_000 });
    const names = new Set(tensors.map((tensor) => tensor.name));
    if (names.size !== tensors.length) this.get('tensors').fail('a tensor name occurs twice.');
    let end = 0;
    for (const tensor of [...tensors].sort((a, b) => a.offset - b.offset)) {
      if (tensor.offset < end) this.get('tensors').fail(`${tensor.name} overlaps another tensor.`);
      end = tensor.offset + tensor.bytes;
    }
    return {
      name: this.get('name').string(100),
      kind: this.get('kind').oneOf(['vision', 'text']),
      blocks: { first, last: blocks.get('last').integer(first, 100_000) },
      graph: this.get('graph').file(),
      weights,
      tensors,
    };
  }

  tensor(fileBytes: number): StoredTensor {
    const name = this.get('name').string(1000);
    const dtype = this.get('dtype').oneOf(['f32', 'f16', 'u8'] as const);
    const shape = this.get('shape').items((size) => size.integer(1), { max: 8 });
    const bytes = this.get('bytes').integer(1);
    const offset = this.get('offset').integer(0);
    if (shape.reduce((product, size) => product * size, ELEMENT_BYTES[dtype]) !== bytes) {
      this.get('bytes').fail('shape times element size is expected.');
    }
    if (offset % 64 !== 0) this.get('offset').fail('a multiple of 64 is expected.');
    if (offset + bytes > fileBytes) this.get('offset').fail(`${name} ends outside its file.`);
    return { name, dtype, shape, offset, bytes };
  }

  table(): EmbeddingTable {
    const rows = this.get('rows').integer(1, 2 ** 31);
    const columns = this.get('columns').integer(1, MAX_DIMS);
    const dtype = this.get('dtype').oneOf(WEIGHT_DTYPES);
    const expected = rowBytes(dtype, columns);
    const table = { ...this.file(), rows, columns, dtype, rowBytes: this.get('rowBytes').integer(expected, expected) };
    if (table.bytes !== rows * expected) this.get('bytes').fail('rows times rowBytes is expected.');
    return table;
  }

  image(): ImageConfig {
    const channels = (field: Field, min: number) => {
      const values = field.items((value) => value.number(min, 1000), { min: 3, max: 3 });
      return values as [number, number, number];
    };
    const minPixels = this.get('minPixels').integer(1);
    return {
      minPixels,
      maxPixels: this.get('maxPixels').integer(minPixels),
      mean: channels(this.get('mean'), -1000),
      std: channels(this.get('std'), 1e-6),
      patchSize: this.get('patchSize').integer(1, 256),
      mergeSize: this.get('mergeSize').integer(1, 16),
    };
  }

  prompts(): PromptConfig {
    return {
      imageToken: this.get('imageToken').string(1000),
      imageTokenId: this.get('imageTokenId').integer(0, 2 ** 31),
      separator: this.get('separator').string(1000),
      maxTokens: this.get('maxTokens').integer(1, 2 ** 31),
    };
  }

  probe(dims: number): ProbeCase {
    const side = (field: Field) => field.integer(1, MAX_PICTURE_SIDE);
    const embedding = this.get('embedding').string();
    const bytes = /^[A-Za-z0-9+/]*={0,2}$/.test(embedding) ? decodedLength(embedding) : -1;
    if (bytes !== dims * 4) this.get('embedding').fail(`base64 of ${dims} float32 numbers is expected.`);
    return {
      name: this.get('name').string(1000),
      text: this.get('text').string(),
      picture: this.get('picture').nullable((picture) => ({
        width: side(picture.get('width')),
        height: side(picture.get('height')),
        seed: picture.get('seed').integer(0, 2 ** 32 - 1),
      })),
      embedding,
    };
  }

  #checkPaths(manifest: BundleManifest): void {
    const seen = new Set([MANIFEST_PATH]);
    const files = bundleFiles(manifest);
    for (const { path } of files) {
      const key = path.toLowerCase(); // some file systems do not tell case apart
      if (seen.has(key)) this.fail(`the path ${path} occurs twice.`);
      seen.add(key);
    }
  }

  /** vision.0 … vision.n, then text.0 … text.m; each stage begins at the block where the one before ended. */
  #checkChain(stages: BundleStage[]): void {
    const counts = { vision: 0, text: 0 };
    let block = 0;
    stages.forEach((stage, index) => {
      const at = this.get('stages').items((each) => each)[index]!;
      if (stage.name !== `${stage.kind}.${counts[stage.kind]}`) at.get('name').fail('stages are out of order.');
      if (stage.kind === 'vision' && counts.text > 0) at.get('kind').fail('a vision stage follows a text stage.');
      if (counts[stage.kind]++ === 0) block = 0;
      if (stage.blocks.first !== block) at.get('blocks').fail(`block ${block} is expected to come next.`);
      block = stage.blocks.last;
    });
    if (counts.vision === 0 || counts.text === 0) this.get('stages').fail('both towers are expected.');
  }
}

function decodedLength(base64: string): number {
  if (base64.length % 4 !== 0) return -1;
  return (base64.length / 4) * 3 - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0);
}

/** Every file that a manifest names, weights last. */
export function bundleFiles(manifest: BundleManifest): BundleFile[] {
  return [
    ...manifest.tokenizer.files,
    ...manifest.stages.map((stage) => stage.graph),
    manifest.embeddings,
    ...manifest.stages.map((stage) => stage.weights),
  ];
}
