/**
 * Streamed weights give the same as resident ones, to the bit, with one stage loaded at a time; and whatever goes wrong
 * leaves nothing behind.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { InferenceSession } from 'onnxruntime-common';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { BundleReader } from '../bundle/storage';
import { DisposedError, IntegrityError, InvalidInputError, NetworkError, NotFiniteError } from '../errors';
import type { Embedding } from '../multi-vector';
import { recipeNamed } from '../recipes';
import { readManifest } from '../store';
import { folderBundle } from '../store/folder.node.js';
import { convertFixture, type FixtureBundleOptions, type FixtureParts } from '../testing/bundles';
import { fixturePath, maxDifference, type ModelName } from '../testing/fixtures';
import type { Gpu } from './device';
import { Engine } from './engine';
import type { Ort, OrtOptions } from './ort';
import { askedOf } from './asked';
import { Preparer } from './prepare';
import { Recovering } from './recovery';
import { runGroup } from './run-group';
import { loadRuntime, type Runtime, type RuntimeOptions } from './runtime';
import { loadTokenizer } from '../text';
import type { EmbedInput, OrtBuild, ProgressEvent, SkippedInput } from './types';

interface Watch {
  live: number;
  peak: number;
  made: number;
  /** Called before each run, with the number of runs so far. */
  onRun: ((runs: number) => void) | null;
  runs: number;
  memory: number | null;
}
const watch = vi.hoisted((): Watch => ({ live: 0, peak: 0, made: 0, onRun: null, runs: 0, memory: null }));

vi.mock('./memory', () => ({ mainMemory: () => watch.memory }));
vi.mock('./ort', async (importOriginal) => {
  const real = await importOriginal<typeof import('./ort')>();
  const loadOrt = async (build: OrtBuild, options?: OrtOptions): Promise<Ort> => {
    const { InferenceSession, Tensor, env } = await real.loadOrt(build, options);
    const create = async (graph: Uint8Array, options: InferenceSession.SessionOptions) =>
      watched(await InferenceSession.create(graph, options));
    return { InferenceSession: { create } as Ort['InferenceSession'], Tensor, env };
  };
  return { ...real, loadOrt };
});

function watched(session: InferenceSession): InferenceSession {
  watch.made++;
  watch.peak = Math.max(watch.peak, ++watch.live);
  const run = session.run.bind(session);
  session.run = async (feeds: InferenceSession.FeedsType) => {
    const before = watch.runs++;
    watch.onRun?.(before);
    return run(feeds);
  };
  const release = session.release.bind(session);
  session.release = async () => {
    watch.live--;
    return release();
  };
  return session;
}

let folder: string;
const open: Runtime[] = [];
/** Several stages for each tower. */
const SMALL = { dtype: 'fp32', maxStageBytes: 3.5e6 } as const;
let path = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vlm2vec-streamed-'));
  path = await bundle('tiny-tied', SMALL);
});
afterAll(async () => {
  for (const runtime of open) await runtime.dispose();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  Object.assign(watch, { made: 0, peak: 0, runs: 0, onRun: null, memory: null });
});

async function bundle(model: ModelName | FixtureParts, options: FixtureBundleOptions): Promise<string> {
  const out = join(folder, String(Math.random()).slice(2));
  await convertFixture(model, out, options);
  return out;
}

async function load(at: string, options: Partial<RuntimeOptions> = {}): Promise<Runtime> {
  const runtime = await loadRuntime({ reader: folderBundle(at), ...options });
  open.push(runtime);
  return runtime;
}

const picture = (name: string) => pathToFileURL(fixturePath(`images/${name}.png`));
const PICTURES: EmbedInput[] = ['cat', 'rgba', 'grey', 'cat', 'tall'].map((name) => ({ image: picture(name) }));
/** More than one run of 1024 tokens. */
const TEXTS: EmbedInput[] = Array.from({ length: 60 }, (_, i) => ({
  text: 'a red kite over the sea '.repeat(1 + (i % 9)),
}));
const MIXED: EmbedInput[] = [
  ...PICTURES,
  'a text between pictures',
  { image: picture('cat'), text: 'what is this?' },
  ...TEXTS.slice(0, 40),
];

/** The results of both; for the streamed one, with the stages that it passed through. */
async function both(at: string, inputs: readonly EmbedInput[], options: Partial<RuntimeOptions> = {}) {
  const { stages } = await readManifest(folderBundle(at));
  const resident = await load(at, { ...options, weights: 'resident' });
  const wanted = await resident.embed<Embedding>(inputs);
  await resident.dispose();
  const streamed = await load(at, { ...options, weights: 'streamed' });
  expect([resident.info.weights, streamed.info.weights]).toEqual(['resident', 'streamed']);
  const before = watch.live;
  Object.assign(watch, { made: 0, peak: watch.live });
  const found = await streamed.embed<Embedding>(inputs);
  expect(watch.peak - before).toBe(1);
  expect(watch.live).toBe(before);
  return { wanted, found, made: watch.made, stages };
}

test.each([
  ['texts', TEXTS],
  ['pictures', PICTURES],
  ['both', MIXED],
])('%s: the same to the bit, each stage loaded once for all', async (_, inputs) => {
  const { wanted, found, made, stages } = await both(path, inputs);
  expect(found).toEqual(wanted);
  const used = stages.filter(({ kind }) => kind === 'text' || inputs !== TEXTS);
  expect(used.length).toBeGreaterThanOrEqual(inputs === TEXTS ? 2 : 4);
  expect(made).toBe(used.length);
});

test('with half-precision activations, quantized weights, and several vectors per input', async () => {
  const q8 = await bundle('tiny-tied', { dtype: 'q8', maxStageBytes: 1e6 });
  const half = await both(q8, MIXED, { activations: 'f16' });
  expect(half.found).toEqual(half.wanted);
  const several = await bundle(
    { checkpoint: 'tiny-colqwen2', adapter: 'colqwen2' },
    { ...SMALL, recipe: recipeNamed('colqwen2') },
  );
  const multi = await both(several, [...PICTURES, ...TEXTS.slice(0, 9)]);
  expect(multi.found).toEqual(multi.wanted);
  expect(multi.stages.length).toBeGreaterThan(2);
});

test('stages cut for less memory give the same except for rounding', async () => {
  const resident = await load(path, { weights: 'resident' });
  const cut = await load(path, { weights: 'streamed', partBytes: 1e6 });
  const { stages } = await readManifest(folderBundle(path));
  const before = watch.live;
  Object.assign(watch, { made: 0, peak: before });
  const found = await cut.embed(MIXED);
  expect(watch.made).toBeGreaterThan(stages.length);
  expect(watch.peak - before).toBe(1);
  const wanted = await resident.embed(MIXED);
  for (const [i, vector] of found.entries()) expect(maxDifference(vector, wanted[i]!)).toBeLessThan(1e-6);
});

test.each(['tiny-llava-next', 'tiny-phi3-v'])('%s: the same to the bit', async (checkpoint) => {
  const at = await bundle({ checkpoint }, { dtype: 'q8', maxStageBytes: 1e6 });
  const { found, wanted, made, stages } = await both(at, [PICTURES[0]!, ...TEXTS.slice(0, 12)]);
  expect(found).toEqual(wanted);
  expect(made).toBe(stages.length);
});

test('groups are as large as memory allows; smaller ones give the same', async () => {
  const { stages } = await readManifest(folderBundle(path));
  const count = (kind: string) => stages.filter((stage) => stage.kind === kind).length;
  const wanted = await (await load(path, { weights: 'resident' })).embed(MIXED);
  const streamed = await load(path, { weights: 'streamed' });
  watch.memory = 16; // a budget of one byte: each batch is a group
  watch.made = 0;
  const batches = { text: 0, vision: 0 };
  const onProgress = ({ status, phase, stages }: ProgressEvent) => {
    if (phase !== 'embed' || status !== 'progress' || stages!.done < stages!.total) return;
    batches.text++;
    if (stages!.total > count('text')) batches.vision++;
  };
  expect(await streamed.embed(MIXED, { onProgress })).toEqual(wanted);
  expect(batches.vision).toBeGreaterThan(2);
  expect(batches.text).toBeGreaterThan(batches.vision);
  expect(watch.made).toBe(batches.text * count('text') + batches.vision * count('vision'));
});

test('weights that do not fit into memory are streamed, unless the caller decides; other words are refused', async () => {
  const { stages } = await readManifest(folderBundle(path));
  const bytes = stages.reduce((sum, { weights }) => sum + weights.bytes, 0);
  watch.memory = bytes; // three quarters of that are for weights
  expect((await load(path)).info.weights).toBe('streamed');
  expect((await load(path, { weights: 'resident' })).info.weights).toBe('resident');
  watch.memory = 2 * bytes;
  expect((await load(path)).info.weights).toBe('resident');
  await expect(load(path, { weights: 'disk' as never })).rejects.toThrow(InvalidInputError);
});

test('progress reports which stage of how many, and grows', async () => {
  const runtime = await load(path, { weights: 'streamed' });
  const { stages } = await readManifest(folderBundle(path));
  const events: ProgressEvent[] = [];
  await runtime.embed(MIXED.slice(0, 8), { onProgress: (event) => events.push(event) });
  const embed = events.filter(({ phase }) => phase === 'embed');
  const steps = embed.flatMap((event) => (event.stages ? [event.stages] : []));
  expect(steps).toEqual(stages.map((_, i) => ({ done: i + 1, total: stages.length })));
  const progress = embed.map((event) => event.progress!);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  expect(embed.at(-1)).toMatchObject({ status: 'progress_total', loaded: 8, total: 8, progress: 100 });
  const phases = new Set(events.map(({ phase }) => phase));
  expect([...phases].sort()).toEqual(['embed', 'prepare']);
});

test('an abort between stages ends the call, and frees what was loaded', async () => {
  const runtime = await load(path, { weights: 'streamed' });
  const before = watch.live;
  const controller = new AbortController();
  let stages = 0;
  const onProgress = (event: ProgressEvent) => {
    if (event.stages && ++stages === 2) controller.abort();
  };
  const call = runtime.embed(MIXED.slice(0, 8), { signal: controller.signal, onProgress });
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  expect(stages).toBe(2);
  expect(watch.live).toBe(before);
  expect(await runtime.embed(['a'])).toHaveLength(1);
});

test('two calls take turns; a waiting one can be aborted, and dispose ends both', async () => {
  const runtime = await load(path, { weights: 'streamed' });
  const before = watch.live;
  watch.peak = before;
  const [wanted] = await runtime.embed(['a']);
  const controller = new AbortController();
  const waiting: Promise<unknown>[] = [];
  const onProgress = ({ stages }: ProgressEvent) => {
    if (stages?.done !== 1 || waiting.length > 0) return;
    waiting.push(runtime.embed(['b'], { signal: controller.signal }).catch((error: Error) => error.name));
    setTimeout(() => controller.abort(), 1);
  };
  const [[first], [second]] = await Promise.all([runtime.embed(['a'], { onProgress }), runtime.embed(['a'])]);
  expect([first, second]).toEqual([wanted, wanted]);
  expect(await Promise.all(waiting)).toEqual(['AbortError']);
  expect(watch.peak - before).toBe(1);

  const calls = [runtime.embed(PICTURES, { onProgress: () => void runtime.dispose() }), runtime.embed(['a'])];
  // Together: the text's call is rejected at once, that of the pictures when its run has ended.
  const reasons = (await Promise.allSettled(calls)).map((each) => (each as PromiseRejectedResult).reason as unknown);
  expect(reasons).toEqual([expect.any(DisposedError), expect.any(DisposedError)]);
  expect(watch.live).toBe(before);
});

test('a reader that fails midway ends the call with its error; the next works', async () => {
  const inner = folderBundle(path);
  let reads = 0;
  let failAt = Infinity;
  const reader: BundleReader = {
    ...inner,
    open: async (file, signal) => {
      const stored = await inner.open(file, signal);
      const read: typeof stored.read = (start, end) => {
        if (/text\.\d/.test(file) && ++reads > failAt) throw new NetworkError('The drive went away.');
        return stored.read(start, end);
      };
      return { ...stored, read, onDisk: undefined };
    },
  };
  const runtime = await loadRuntime({ reader, weights: 'streamed' });
  open.push(runtime);
  const wanted = await runtime.embed(['a', PICTURES[0]!]);
  const before = watch.live;
  reads = 0;
  failAt = 1;
  await expect(runtime.embed(['a', PICTURES[0]!])).rejects.toThrow('The drive went away.');
  expect(watch.live).toBe(before);
  failAt = Infinity;
  expect(await runtime.embed(['a', PICTURES[0]!])).toEqual(wanted);
});

test('a damaged weight is found before it is used', async () => {
  const at = await bundle('tiny-tied', SMALL);
  const { stages } = await readManifest(folderBundle(at));
  const file = join(at, stages.at(-1)!.weights.path);
  const bytes = await readFile(file);
  await writeFile(file, bytes.with(1000, bytes[1000]! ^ 1));
  const runtime = await load(at, { weights: 'streamed' });
  const before = watch.live;
  await expect(runtime.embed(['a'])).rejects.toThrow(IntegrityError);
  expect(watch.live).toBe(before);
});

test('one bad input does not affect the others in its group: unreadable, or without a finite vector', async () => {
  const at = await bundle('tiny-tied', SMALL);
  const { embeddings } = await readManifest(folderBundle(at));
  const sound = await load(at);
  const { ids } = await sound.tokens('kite');
  const inputs: EmbedInput[] = ['dog', 'kite', PICTURES[0]!, { image: new Blob(['no picture']) }, 'cat'];
  const wanted = await sound.embed<Float32Array | null>(inputs, { onError: 'skip' });
  const table = await readFile(join(at, embeddings.path));
  table.writeFloatLE(NaN, ids[0]! * embeddings.rowBytes);
  await writeFile(join(at, embeddings.path), table);
  const hash = createHash('sha256').update(table).digest('hex');
  const manifestPath = join(at, 'bundle.json');
  await writeFile(manifestPath, (await readFile(manifestPath, 'utf8')).replaceAll(embeddings.sha256, hash));

  const runtime = await load(at, { weights: 'streamed' });
  watch.made = 0;
  const skipped: SkippedInput[] = [];
  const found = await runtime.embed<Float32Array | null>(inputs, {
    onError: 'skip',
    onSkip: (one) => skipped.push(one),
  });
  expect(watch.made).toBe((await readManifest(folderBundle(at))).stages.length); // nothing was repeated
  expect(found).toEqual(wanted.with(1, null));
  expect(skipped.map(({ index, error }) => [index, error.name]).sort()).toEqual([
    [1, 'NotFiniteError'],
    [3, 'ImageFormatError'],
  ]);
  await expect(runtime.embed(['dog', 'kite'])).rejects.toThrow(NotFiniteError);
});

test('if the device is lost between stages, the group is repeated on a new one', async () => {
  const reader = folderBundle(path);
  const manifest = await readManifest(reader);
  const asked = askedOf(manifest);
  const { loadOrt } = await import('./ort');
  const ort = await loadOrt('node');
  let lose!: () => void;
  const build = (): Promise<Engine> => {
    const lost = new Promise<GPUDeviceLostInfo>((resolve) => {
      lose = () => resolve({ reason: 'unknown', message: 'taken away' } as GPUDeviceLostInfo);
    });
    const queue = { onSubmittedWorkDone: async () => undefined };
    const device = { lost, queue, addEventListener: () => undefined, destroy: () => undefined };
    return Engine.load({
      ...{ ort, manifest, reader, backbone: asked.backbone, positions: asked.recipe.positions },
      rung: { device: 'cpu', activations: 'f32', subgroups: false, compute: 'exact' },
      product: 'float',
      gpu: { device: device as unknown as GPUDevice, subgroups: false } as Gpu,
      weights: 'streamed',
      later: [],
    });
  };
  const files = new Map<string, Uint8Array>();
  for (const { path: file } of manifest.tokenizer.files) {
    files.set(file.slice(file.lastIndexOf('/') + 1), await readFile(join(path, file)));
  }
  const preparer = new Preparer(await loadTokenizer(files), asked);
  const batches = [
    [await preparer.prepare({ text: 'a' }, {}, 'a')],
    [await preparer.prepare({ image: picture('cat') }, {}, 'b')],
  ];
  const recovering = new Recovering({ first: await build(), rebuild: build });
  const limits = { tokens: 1024, patches: 1024, buckets: false };
  const { UsageMeter } = await import('./usage');
  const before = watch.live;
  const embed = () =>
    recovering.run((engine) => runGroup(engine, batches, { limits, meter: new UsageMeter(), all: false }));
  const wanted = await embed();
  const whole = watch.runs;
  watch.runs = 0;
  watch.onRun = (runs) => {
    if (runs === whole - 1) lose();
  };
  expect(await embed()).toEqual(wanted);
  expect(recovering.recoveries).toBe(1);
  expect(watch.live).toBe(before);
  expect(watch.runs).toBe(2 * whole);
  await recovering.dispose();
});
