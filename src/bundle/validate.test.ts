import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BundleFormatError } from '../errors';
import { FileHasher } from './hash';
import { CHUNK_BYTES, type BundleManifest } from './manifest';
import { isPlainPath } from './paths';
import { bundleFiles, parseManifest } from './validate';

const hash = 'a'.repeat(64);
const file = (path: string, bytes: number) => ({ path, bytes, sha256: hash, chunks: [hash] });
const stage = (kind: 'vision' | 'text', index: number, first: number, last: number) => ({
  name: `${kind}.${index}`,
  kind,
  steps: { first, last },
  graph: file(`${kind}.${index}.onnx`, 100),
  weights: file(`${kind}.${index}.bin`, 1000),
  tensors: [
    { name: 'w.q', dtype: 'u8' as const, shape: [4, 1, 16], offset: 0, bytes: 64 },
    { name: 'w.scale', dtype: 'f16' as const, shape: [4, 1], offset: 64, bytes: 8 },
    { name: 'b', dtype: 'f32' as const, shape: [200], offset: 128, bytes: 800 },
  ],
});

/** The same, as versions before 3 express it. */
const inBlocks = ({ steps, ...rest }: BundleManifest['stages'][number]) => ({ ...rest, blocks: steps });

/** 64 float32 numbers, one of which is this. */
const base64Of = (value: number) => Buffer.from(new Float32Array(64).fill(value, 9, 10).buffer).toString('base64');

const good = (): BundleManifest => ({
  format: 'vlm2vec-bundle',
  version: 3,
  architecture: 'qwen2_vl',
  recipe: { name: 'vlm2vec' },
  assumed: null,
  dims: 64,
  dtype: 'q4',
  source: { base: { id: 'b', revision: 'r' }, adapter: { id: 'a', revision: null, kind: 'dora' } },
  config: { hiddenSize: 64, vision: { depth: 2 } },
  mlpSlices: 2,
  stages: [stage('vision', 0, 0, 1), stage('vision', 1, 1, 2), stage('text', 0, 0, 3)],
  embeddings: { ...file('embeddings.bin', 370), rows: 10, columns: 64, dtype: 'q4', rowBytes: 37 },
  tokenizer: { files: [file('tokenizer.json', 5)] },
  image: {
    plan: 'native',
    minPixels: 3136,
    maxPixels: 12845056,
    mean: [0.4, 0.4, 0.4],
    std: [0.2, 0.2, 0.2],
    patchSize: 14,
    mergeSize: 2,
  },
  prompts: { imageToken: '<|image_pad|>', imageTokenId: 9, maxTokens: 512 },
  probe: [
    { name: 'p', text: 't', picture: { width: 56, height: 28, seed: 1 }, embedding: base64Of(1) },
    { name: 'q', text: 't', picture: null, embedding: base64Of(-1), f16Loss: 2.5e-7 },
  ],
});

const parse = (value: unknown) => parseManifest(new TextEncoder().encode(JSON.stringify(value)));

test('a good manifest is read as it is', () => {
  expect(parse(good())).toEqual(good());
  expect(parse({ ...good(), later: 1 })).toEqual(good());
  expect(bundleFiles(good())).toHaveLength(8);
});

describe('refused, saying where', () => {
  const cases: [string, (manifest: BundleManifest) => unknown, RegExp][] = [
    ['another format', (m) => ({ ...m, format: 'zip' }), /format/],
    ['a newer version', (m) => ({ ...m, version: 4 }), /version 4.*Update vlm2vec-web/],
    ['an older version', (m) => ({ ...m, version: 0 }), /version 0.*Convert the checkpoint again/],
    ['a missing part', ({ image: _, ...m }) => m, /image/],
    ['an array for an object', (m) => ({ ...m, image: [] }), /image.*object/],
    ['a leading slash', (m) => ((m.stages[0]!.weights.path = '/etc/passwd'), m), /stages\[0\]\.weights\.path/],
    ['a way up', (m) => ((m.embeddings.path = 'a/../../b'), m), /embeddings\.path/],
    ['a URL', (m) => ((m.embeddings.path = 'https://example.org/x'), m), /embeddings\.path/],
    ['a file that is also a folder', (m) => ((m.embeddings.path = 'vision.0.bin/rows.bin'), m), /a file and a folder/],
    ["one of Windows' devices", (m) => ((m.embeddings.path = 'aux.bin'), m), /plain relative path/],
    ['a path twice', (m) => ((m.embeddings.path = 'TEXT.0.bin'), m), /twice/],
    ['the manifest as a file', (m) => ((m.embeddings.path = 'bundle.json'), m), /twice/],
    ['a hash in capitals', (m) => ((m.embeddings.sha256 = hash.toUpperCase()), m), /SHA-256/],
    ['a chunk too many', (m) => (m.embeddings.chunks.push(hash), m), /chunks.*1 to 1/],
    ['a chunk too few', (m) => ((m.tokenizer.files[0]!.bytes = CHUNK_BYTES + 1), m), /chunks.*2 to 2/],
    ['negative bytes', (m) => ((m.tokenizer.files[0]!.bytes = -1), m), /bytes/],
    ['fractional bytes', (m) => ((m.tokenizer.files[0]!.bytes = 1.5), m), /bytes/],
    ['unsafe bytes', (m) => ((m.tokenizer.files[0]!.bytes = 2 ** 60), m), /bytes/],
    ['a stage too large', (m) => ((m.stages[0]!.weights.bytes = 2 ** 28 + 1), m), /weights\.bytes/],
    ['a tensor outside', (m) => ((m.stages[0]!.tensors[2]!.offset = 256), m), /outside/],
    ['tensors that overlap', (m) => ((m.stages[0]!.tensors[1]!.offset = 0), m), /overlap/],
    ['an odd offset', (m) => ((m.stages[0]!.tensors[1]!.offset = 72), m), /64/],
    ['a shape that does not fit', (m) => (m.stages[0]!.tensors[1]!.shape.push(2), m), /shape/],
    ['a tensor name twice', (m) => ((m.stages[0]!.tensors[1]!.name = 'b'), m), /twice/],
    ['stages out of order', (m) => (m.stages.reverse(), m), /order|follows|come next/],
    ['a gap between stages', (m) => ((m.stages[1]!.steps!.first = 2), m), /step 1 is expected/],
    ['a stage of blocks among stages of steps', (m) => (m.stages.splice(1, 1, inBlocks(m.stages[1]!)), m), /steps/],
    ['no number of slices', (m) => (delete (m as { mlpSlices?: number }).mlpSlices, m), /mlpSlices/],
    ['no slice at all', (m) => ((m.mlpSlices = 0), m), /mlpSlices/],
    ['no text tower', (m) => (m.stages.pop(), m), /towers/],
    ['rows of another length', (m) => ((m.embeddings.rowBytes = 38), m), /rowBytes/],
    ['a table of another length', (m) => ((m.embeddings.rows = 11), m), /embeddings\.bytes/],
    ['other dimensions', (m) => ((m.dims = 32), m), /columns|embedding/],
    ['a short probe', (m) => ((m.probe[0]!.embedding = btoa('x')), m), /probe\[0\]\.embedding/],
    ['a probe that is no base64', (m) => ((m.probe[0]!.embedding = '!'.repeat(344)), m), /base64/],
    ['a probe of NaN', (m) => ((m.probe[0]!.embedding = base64Of(NaN)), m), /probe\[0\]\.embedding/],
    ['an infinite probe', (m) => ((m.probe[0]!.embedding = base64Of(-Infinity)), m), /probe\[0\]\.embedding/],
    ['a probe of zeros', (m) => ((m.probe[0]!.embedding = base64Of(0)), m), /probe\[0\]\.embedding.*length 1/],
    ['a loss that no cosine has', (m) => ((m.probe[0]!.f16Loss = 2.1), m), /probe\[0\]\.f16Loss.*0 to 2/],
    ['a negative loss', (m) => ((m.probe[1]!.f16Loss = -1e-9), m), /probe\[1\]\.f16Loss/],
    ['a loss of nothing', (m) => ((m.probe[1]!.f16Loss = null as never), m), /probe\[1\]\.f16Loss/],
    ['a giant picture', (m) => ((m.probe[0]!.picture!.width = 1e6), m), /picture\.width/],
    ['an image without a plan', (m) => (delete m.image.plan, m), /image\.plan/],
    ['a recipe that is none', (m) => ((m.recipe = [] as never), m), /recipe/],
  ];
  test.each(cases)('%s', (_, change, message) => {
    expect(() => parse(change(good()))).toThrow(BundleFormatError);
    expect(() => parse(change(good()))).toThrow(message);
  });

  test('data that is not JSON, or not UTF-8', () => {
    for (const bytes of [[], [123], [0xff, 0xfe]]) {
      expect(() => parseManifest(Uint8Array.from(bytes))).toThrow(BundleFormatError);
    }
  });

  test('nesting that would overflow the stack', () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    for (const [from, to] of [
      ['"hiddenSize":64', `"hiddenSize":${deep}`],
      ['"patchSize":14', `"patchSize":${deep}`],
    ] as const) {
      const text = JSON.stringify(good()).replace(from, to);
      expect(() => parseManifest(new TextEncoder().encode(text))).toThrow(BundleFormatError);
    }
  });

  test('keys that would reach a prototype', () => {
    const text = JSON.stringify(good()).replace('"hiddenSize":64', '"hiddenSize":64,"__proto__":{"x":1}');
    expect(() => parseManifest(new TextEncoder().encode(text))).toThrow(/__proto__/);
    const noOwnDims = JSON.stringify({ ...good(), dims: undefined }).replace('{', '{"__proto__":{"dims":64},');
    expect(() => parseManifest(new TextEncoder().encode(noOwnDims))).toThrow(/dims/);
  });
});

test('any damage to the JSON gives a named error or leaves the meaning unchanged', () => {
  const text = new TextEncoder().encode(JSON.stringify(good()));
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = text.slice();
      damaged[at]! ^= flip;
      expectSafe(damaged);
    }),
    { numRuns: 3000 },
  );
});

test('any value anywhere gives a named error or a manifest that is safe to use', () => {
  const spots = paths(good());
  const odd = fc.oneof(
    fc.constantFrom(null, -1, 0.5, 1e308, 2 ** 53, '', '..', '/', [], {}, true, '\u0000', 'a\\b', 'C:x', 'é'),
    fc.jsonValue(),
    fc.integer(),
  );
  fc.assert(
    fc.property(fc.nat(spots.length - 1), odd, (spot, value) => {
      const manifest = good();
      const keys = [...spots[spot]!];
      const last = keys.pop()!;
      const holder = keys.reduce((at, key) => (at as Record<string, unknown>)[key], manifest as unknown);
      (holder as Record<string, unknown>)[last] = value;
      expectSafe(new TextEncoder().encode(JSON.stringify(manifest)));
    }),
    { numRuns: 3000 },
  );
});

test('plain paths', () => {
  for (const path of ['a', 'a.b', 'text.0.bin', 'a/b-c/d_e.json']) expect(isPlainPath(path)).toBe(true);
  const bad = [
    '',
    '.',
    '..',
    'a/',
    '/a',
    'a//b',
    'a/../b',
    '.git/config',
    'a b',
    'a\\b',
    'C:a',
    'a?b',
    'a%2e',
    'a\n',
    'é',
  ];
  for (const path of [...bad, 'a'.repeat(300)]) expect(isPlainPath(path)).toBe(false);
});

test.each([1, 2])('stages of version %i name blocks, and so do their copies', (version) => {
  const { mlpSlices: _, ...old } = good();
  const read = parse({ ...old, version, stages: old.stages.map(inBlocks) });
  expect(read.mlpSlices).toBe(1);
  expect(read.stages.map(({ blocks, steps }) => [blocks, steps])).toEqual(
    old.stages.map(({ steps }) => [steps, undefined]),
  );
  expect(parse(read)).toEqual(read);
  expect(() => parse({ ...old, version })).toThrow(/stages\[0\]\.blocks/);
});

test('the hasher’s entries pass, whatever the length', async () => {
  for (const bytes of [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1]) {
    const hasher = await FileHasher.create();
    hasher.update(new Uint8Array(bytes));
    expect(parse({ ...good(), tokenizer: { files: [hasher.finish('t.json')] } }).tokenizer.files[0]!.bytes).toBe(bytes);
  }
});

/** Parses and, if that succeeds, checks what the rest of the package relies on. */
function expectSafe(bytes: Uint8Array): void {
  let manifest: BundleManifest;
  try {
    manifest = parseManifest(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(BundleFormatError);
    return;
  }
  for (const { path, bytes: length, chunks } of bundleFiles(manifest)) {
    expect(isPlainPath(path)).toBe(true);
    expect(Number.isSafeInteger(length)).toBe(true);
    expect(chunks.length).toBe(Math.max(1, Math.ceil(length / CHUNK_BYTES)));
  }
  for (const { tensors, weights } of manifest.stages) {
    for (const { offset, bytes: length } of tensors) expect(offset + length).toBeLessThanOrEqual(weights.bytes);
  }
  expect(manifest.embeddings.bytes).toBe(manifest.embeddings.rows * manifest.embeddings.rowBytes);
  expect(parse(manifest)).toEqual(manifest);
}

/** The place of every value in a JSON value. */
function paths(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [at];
  const below = Object.entries(value).flatMap(([key, child]) => paths(child, [...at, key]));
  return at.length > 0 ? [at, ...below] : below;
}
