/**
 * @file `bundle.json` → {@link BundleManifest}, trusting nothing: a manifest may come from any server. Whatever passes
 * is safe to use: paths are plain, sizes add up, tensors lie inside their files without overlap, stages chain.
 */

import { BundleFormatError } from '../errors';
import { base64ToBytes } from './base64';
import { JsonField } from './json-field';
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
  type JsonObject,
  type ProbeCase,
  type PromptConfig,
  type StoredDtype,
  type StoredTensor,
  type WeightDtype,
  type WeightKind,
} from './manifest';
import { isPlainPath } from './paths';
import { rowBytes } from './rows';
import { isUnit } from './unit-vector';

/** A manifest lists a few hundred tensors and hashes: about 200 kB for the 2B model. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
const MAX_DIMS = 65536;
const MAX_PICTURE_SIDE = 4096;
/** From this value on, every pair is certain. */
const MAX_LOGIT = 1e9;
const ELEMENT_BYTES: Record<StoredDtype, number> = { f32: 4, f16: 2, u8: 1 };
const WEIGHT_DTYPES: readonly WeightDtype[] = ['fp32', 'fp16', 'q8', 'q4'];
const ADAPTER_KINDS = ['lora', 'rslora', 'dora'] as const;

/**
 * Parses and checks the bytes of `bundle.json`. Keys this version does not know are dropped.
 * @throws BundleFormatError naming the place in the file and what is wrong there.
 */
export function parseManifest(bytes: Uint8Array): BundleManifest {
  if (bytes.length > MAX_MANIFEST_BYTES) throw new BundleFormatError(`${MANIFEST_PATH} is too large to be a manifest.`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new BundleFormatError(`${MANIFEST_PATH} is not JSON in UTF-8.`, {}, { cause });
  }
  const error = (at: string, what: string) =>
    new BundleFormatError(at === '' ? `${MANIFEST_PATH}: ${what}` : `${MANIFEST_PATH}, ${at}: ${what}`, { at });
  return readManifestFields(new JsonField(json, error));
}

function readManifestFields(root: JsonField): BundleManifest {
  root.get('format').oneOf([BUNDLE_FORMAT]);
  const version = root.get('version').integer(0);
  if (version < 1 || version > BUNDLE_VERSION) {
    const remedy = version > BUNDLE_VERSION ? 'Update vlm2vec-web' : 'Convert the checkpoint again';
    root
      .get('version')
      .fail(`this bundle has version ${version}, but only versions 1 to ${BUNDLE_VERSION} can be read. ${remedy}.`);
  }
  const dims = root.get('dims').integer(1, MAX_DIMS);
  const rounding = root.get('rounding').optional((field) => field.oneOf(['feedback'] as const));
  const weights = root.get('weights').optional((field) => field.items(readKind, { max: 10_000 }));
  const manifest: BundleManifest = {
    format: BUNDLE_FORMAT,
    version: BUNDLE_VERSION,
    architecture: root.get('architecture').string(100),
    ...(version === 1 ? { recipe: null, assumed: null } : readRecipeFields(root)),
    dims,
    dtype: root.get('dtype').oneOf(WEIGHT_DTYPES),
    ...(rounding === undefined ? {} : { rounding }),
    ...(weights === undefined ? {} : { weights }),
    source: readSource(root.get('source')),
    config: root.get('config').record(),
    mlpSlices: version < 3 ? 1 : root.get('mlpSlices').integer(1, 1000),
    stages: readStages(root.get('stages'), version),
    embeddings: readTable(root.get('embeddings')),
    tokenizer: {
      files: root
        .get('tokenizer')
        .get('files')
        .items((file) => readFile(file), { min: 1, max: 100 }),
    },
    image: readImage(root.get('image'), version),
    prompts: readPrompts(root.get('prompts')),
    ...readLogit(root.get('logit')),
    probe: root.get('probe').items((probe) => readProbe(probe, dims), { max: 100 }),
  };
  const seen = new Set([MANIFEST_PATH]);
  for (const { path } of bundleFiles(manifest)) {
    const key = path.toLowerCase(); // some file systems do not distinguish case
    if (seen.has(key)) root.fail(`the path ${path} occurs twice.`);
    seen.add(key);
  }
  for (const path of seen) {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      if (seen.has(path.slice(0, at))) root.fail(`the path ${path.slice(0, at)} is both a file and a folder.`);
    }
  }
  return manifest;
}

/**
 * Checked before a bundle is fetched, kept or run, whether or not the self-test runs on this device: one whose
 * converter never saw
 * an embedding is not valid.
 * @throws BundleFormatError
 */
export function expectProbe({ probe }: Pick<BundleManifest, 'probe'>): void {
  if (probe.length > 0) return;
  throw new BundleFormatError(
    "bundle.json, probe: the bundle's self-test is missing, so there is no way to tell whether it is computed correctly. Convert the " +
      'checkpoint again.',
    { at: 'probe' },
  );
}

function readKind(field: JsonField): WeightKind {
  const outputs = field.get('outputs').optional((share) => share.number(0, 1));
  return {
    kind: field.get('kind').string(1000),
    stored: field.get('stored').string(100),
    tensors: field.get('tensors').integer(1),
    weights: field.get('weights').integer(1),
    bytes: field.get('bytes').integer(1),
    error: field.get('error').number(0, Number.MAX_VALUE),
    ...(outputs === undefined ? {} : { outputs }),
  };
}

function readSource(source: JsonField): BundleSource {
  const origin = (field: JsonField) => ({
    id: field.get('id').string(),
    revision: field.get('revision').nullable((revision) => revision.string()),
  });
  return {
    base: origin(source.get('base')),
    adapter: source.get('adapter').nullable((adapter) => ({
      ...origin(adapter),
      kind: adapter.get('kind').oneOf(ADAPTER_KINDS),
    })),
  };
}

function readSha256(field: JsonField): string {
  const hash = field.string();
  if (!/^[0-9a-f]{64}$/.test(hash)) field.fail('a SHA-256 in lower-case hex is expected.');
  return hash;
}

function readFile(field: JsonField, maxBytes = Number.MAX_SAFE_INTEGER): BundleFile {
  const path = field.get('path').string();
  if (!isPlainPath(path)) field.get('path').fail('a plain relative path is expected.');
  const bytes = field.get('bytes').integer(0, maxBytes);
  const chunks = Math.max(1, Math.ceil(bytes / CHUNK_BYTES));
  return {
    path,
    bytes,
    sha256: readSha256(field.get('sha256')),
    chunks: field.get('chunks').items(readSha256, { min: chunks, max: chunks }),
  };
}

/**
 * vision.0 … vision.n, then text.0 … text.m; each stage begins at the step where the one before ended. Versions 1 and 2
 * count blocks instead, and so do their copies.
 */
function readStages(field: JsonField, version: number): BundleStage[] {
  const counts = { vision: 0, text: 0 };
  let next = 0;
  let unit: Unit | undefined;
  const stages = field.items(
    (item) => {
      unit ??= version < 3 || !item.has('steps') ? 'blocks' : 'steps';
      const stage = readStage(item, unit);
      const { kind, name } = stage;
      const { first, last } = stage[unit]!;
      if (kind === 'vision' && counts.text > 0) item.get('kind').fail('a vision stage follows a text stage.');
      if (name !== `${kind}.${counts[kind]}`) item.get('name').fail(`stages are out of order at ${name}.`);
      if (counts[kind]++ === 0) next = 0;
      if (first !== next) item.get(unit).fail(`${unit.slice(0, -1)} ${next} is expected to come next.`);
      next = last;
      return stage;
    },
    { max: 10_000 },
  );
  if (counts.vision === 0 || counts.text === 0) field.fail('stages of both towers are expected.');
  return stages;
}

/** What the range of a stage counts. */
type Unit = 'blocks' | 'steps';

function readStage(field: JsonField, unit: Unit): BundleStage {
  const first = field.get(unit).get('first').integer(0, 100_000);
  const last = field.get(unit).get('last').integer(first, 100_000);
  const weights = readFile(field.get('weights'), MAX_STAGE_BYTES);
  const tensors = field.get('tensors').items((tensor) => readTensor(tensor, weights.bytes), { max: 10_000 });
  const names = new Set(tensors.map((tensor) => tensor.name));
  if (names.size !== tensors.length) field.get('tensors').fail('a tensor name occurs twice.');
  let end = 0;
  for (const tensor of [...tensors].sort((a, b) => a.offset - b.offset)) {
    if (tensor.offset < end) field.get('tensors').fail(`${tensor.name} overlaps another tensor.`);
    end = tensor.offset + tensor.bytes;
  }
  return {
    name: field.get('name').string(100),
    kind: field.get('kind').oneOf(['vision', 'text']),
    [unit]: { first, last },
    graph: readFile(field.get('graph')),
    weights,
    tensors,
  };
}

function readTensor(field: JsonField, fileBytes: number): StoredTensor {
  const name = field.get('name').string(1000);
  const dtype = field.get('dtype').oneOf(['f32', 'f16', 'u8'] as const);
  const shape = field.get('shape').items((size) => size.integer(1), { max: 8 });
  const bytes = field.get('bytes').integer(1);
  const offset = field.get('offset').integer(0);
  if (shape.reduce((product, size) => product * size, ELEMENT_BYTES[dtype]) !== bytes) {
    field.get('bytes').fail('shape times element size is expected.');
  }
  if (offset % 64 !== 0) field.get('offset').fail('a multiple of 64 is expected.');
  if (offset + bytes > fileBytes) field.get('offset').fail(`${name} ends outside its file.`);
  return { name, dtype, shape, offset, bytes };
}

function readTable(field: JsonField): EmbeddingTable {
  const rows = field.get('rows').integer(1, 2 ** 31);
  const columns = field.get('columns').integer(1, MAX_DIMS);
  const dtype = field.get('dtype').oneOf(WEIGHT_DTYPES);
  const expected = rowBytes(dtype, columns);
  const file = readFile(field);
  const table = { ...file, rows, columns, dtype, rowBytes: field.get('rowBytes').integer(expected, expected) };
  if (table.bytes !== rows * expected) field.get('bytes').fail('rows times rowBytes is expected.');
  return table;
}

function readRecipeFields(root: JsonField): Pick<BundleManifest, 'recipe' | 'assumed'> {
  return {
    // Null in copies of bundles of version 1.
    recipe: root.get('recipe').nullable((recipe) => recipe.record()),
    assumed: root.get('assumed').nullable((reason) => reason.string(10_000)),
  };
}

/** Only the architecture knows its numbers, so it checks them. Version 1 has one plan and does not name it. */
function readImage(field: JsonField, version: number): JsonObject {
  const image = field.record();
  return { ...image, plan: version === 1 ? 'native' : field.get('plan').string(100) };
}

function readPrompts(field: JsonField): PromptConfig {
  return {
    imageToken: field.get('imageToken').string(1000),
    imageTokenId: field.get('imageTokenId').integer(-1, 2 ** 31),
    maxTokens: field.get('maxTokens').integer(1, 2 ** 31),
  };
}

function readLogit(field: JsonField): Pick<BundleManifest, 'logit'> {
  const logit = field.optional((given) => ({
    scale: given.get('scale').number(0, MAX_LOGIT),
    bias: given.get('bias').number(-MAX_LOGIT, MAX_LOGIT),
  }));
  return logit ? { logit } : {};
}

function readProbe(field: JsonField, dims: number): ProbeCase {
  const embedding = field.get('embedding').string();
  const isWhole = /^[A-Za-z0-9+/]*={0,2}$/.test(embedding) && decodedLength(embedding) === dims * 4;
  if (!isWhole) field.get('embedding').fail(`base64 of ${dims} float32 numbers is expected.`);
  if (!isUnit(vectorOf(embedding))) field.get('embedding').fail('a vector of length 1 is expected.');
  const f16Loss = field.get('f16Loss').optional((loss) => loss.number(0, 2));
  return {
    name: field.get('name').string(1000),
    text: field.get('text').string(),
    picture: field.get('picture').nullable((picture) => ({
      width: picture.get('width').integer(1, MAX_PICTURE_SIDE),
      height: picture.get('height').integer(1, MAX_PICTURE_SIDE),
      seed: picture.get('seed').integer(0, 2 ** 32 - 1),
    })),
    embedding,
    ...(f16Loss === undefined ? {} : { f16Loss }),
  };
}

/** @param base64 little-endian float32 numbers */
function vectorOf(base64: string): Float32Array {
  const { buffer, byteLength } = base64ToBytes(base64);
  const view = new DataView(buffer);
  return Float32Array.from({ length: byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
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
