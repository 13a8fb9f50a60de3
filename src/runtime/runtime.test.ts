import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BundleFormatError,
  DisposedError,
  IntegrityError,
  InvalidInputError,
  NotFiniteError,
  ProbeError,
  UnsupportedError,
} from '../errors';
import type { BundleReader } from '../bundle/storage';
import { readManifest } from '../store';
import { folderBundle } from '../store/folder.node.js';
import { convertFixture } from '../testing/bundles';
import { cosine, fixturePath, maxDifference } from '../testing/fixtures';
import { loadRuntime, type Runtime, type RuntimeOptions } from './runtime';
import type { InputParts, ProgressEvent } from './types';

let folder: string;
const open: Runtime[] = [];
/** Bundles of `tiny-tied`. */
const paths = { fp32: '', q8: '' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vlm2vec-runtime-'));
  for (const dtype of ['fp32', 'q8'] as const) {
    paths[dtype] = join(folder, dtype);
    await convertFixture('tiny-tied', paths[dtype], { dtype });
  }
});
afterAll(async () => {
  for (const runtime of open) await runtime.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function load(path: string, options: Partial<RuntimeOptions> = {}): Promise<Runtime> {
  const runtime = await loadRuntime({ reader: folderBundle(path), ...options });
  open.push(runtime);
  return runtime;
}

describe('a list', () => {
  const words = ['red', 'kite', 'two dogs', 'on a beach', 'at night', '日本の旗', 'a very old, dusty violin case'];
  const captions = Array.from({ length: 64 }, (_, i) =>
    Array.from({ length: 1 + (i % 9) }, (_, j) => words[(i * 3 + j * 5) % words.length]).join(' '),
  );

  test('of 64 captions gives the same as each alone', async () => {
    const runtime = await load(paths.fp32);
    const together = await runtime.embed(captions);
    for (const [i, caption] of captions.entries()) {
      const [alone] = await runtime.embed([caption]);
      expect(maxDifference(together[i]!, alone!)).toBeLessThanOrEqual(1e-5);
    }
  });

  test('of pictures of several sizes, texts and both gives the same as each alone, in order', async () => {
    const runtime = await load(paths.q8);
    const images = ['cat', 'rgba', 'grey', 'cat', 'bilevel'].map((name) =>
      pathToFileURL(fixturePath(`images/${name}.png`)),
    );
    const inputs: InputParts[] = [
      ...images.map((image) => ({ image })),
      { text: 'a text between pictures' },
      { image: images[0], text: 'what is this?' },
      { image: images[2], instruction: 'Represent the given image for classification' },
      { text: 'another' },
    ];
    const together = await runtime.embed(inputs);
    for (const [i, input] of inputs.entries()) {
      const [alone] = await runtime.embed([input]);
      expect(maxDifference(together[i]!, alone!)).toBeLessThanOrEqual(1e-5);
    }
    expect(maxDifference(together[0]!, together[3]!)).toBeLessThanOrEqual(1e-5); // the same picture twice
    expect(maxDifference(together[0]!, together[6]!)).toBeGreaterThan(1e-3);
  });

  test('reports each batch', async () => {
    const runtime = await load(paths.q8);
    const events: ProgressEvent[] = [];
    await runtime.embed(['a', { image: pathToFileURL(fixturePath('images/cat.png')) }], {
      onProgress: (event) => events.push(event),
    });
    expect(events.map(({ status, phase, loaded, total }) => [status, phase, loaded, total])).toEqual([
      ['progress_total', 'prepare', 1, 2],
      ['progress_total', 'embed', 1, 2],
      ['progress_total', 'prepare', 2, 2],
      ['progress_total', 'embed', 2, 2],
    ]);
  });

  test('that is empty gives nothing', async () => {
    expect(await (await load(paths.q8)).embed([])).toEqual([]);
  });
});

describe('lengths', () => {
  test('maxTokens cuts a text as the reference’s max_len does', async () => {
    const runtime = await load(paths.q8);
    const text = 'one two three four five six seven eight';
    const { ids } = await runtime.tokens(text);
    const cut = await runtime.tokens(text, { maxTokens: 4 });
    expect(cut.ids).toEqual(ids.slice(0, 4));
    const [whole] = await runtime.embed([text]);
    const [part] = await runtime.embed([text], { maxTokens: 4 });
    expect(cosine(whole!, part!)).toBeLessThan(0.999);
  });

  test('image tokens are never cut', async () => {
    const runtime = await load(paths.q8);
    const image = pathToFileURL(fixturePath('images/cat.png'));
    await expect(runtime.embed(['a', { image }], { maxTokens: 5 })).rejects.toThrow(/inputs\[1\]/);
    await expect(runtime.embed([{ image }], { maxTokens: 5 })).rejects.toThrow(InvalidInputError);
  });

  test('inputs longer than the model’s positions are refused', async () => {
    const runtime = await load(paths.q8);
    await expect(runtime.embed(['a '.repeat(40_000)])).rejects.toThrow(InvalidInputError);
  });
});

describe('ends', () => {
  test('an abort between batches rejects with AbortError; the next call works', async () => {
    const runtime = await load(paths.q8);
    const controller = new AbortController();
    const image = pathToFileURL(fixturePath('images/cat.png'));
    let batches = 0;
    const onProgress = () => {
      batches++;
      controller.abort();
    };
    const call = runtime.embed(['a', { image }, { image, text: 'b' }], { signal: controller.signal, onProgress });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(batches).toBe(1);
    expect(await runtime.embed(['a'])).toHaveLength(1);
  });

  test('an abort while loading leaves nothing running', async () => {
    const path = paths.q8;
    const controller = new AbortController();
    const onProgress = ({ status }: ProgressEvent) => {
      if (status === 'done') controller.abort();
    };
    await expect(load(path, { signal: controller.signal, onProgress })).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('dispose rejects calls in progress', async () => {
    const runtime = await load(paths.q8);
    const call = runtime.embed([{ image: pathToFileURL(fixturePath('images/cat.png')) }]);
    await Promise.all([expect(call).rejects.toThrow(DisposedError), runtime.dispose()]);
    await expect(runtime.embed(['a'])).rejects.toThrow(DisposedError);
    await runtime.dispose();
  });
});

describe('loading', () => {
  test('reports each file and the total', async () => {
    const events: ProgressEvent[] = [];
    const path = paths.q8;
    const runtime = await load(path, { onProgress: (event) => events.push(event) });
    const { stages, embeddings } = await readManifest(folderBundle(path));
    const files = [...stages.map(({ weights }) => weights), embeddings];
    expect(events.filter(({ status }) => status === 'initiate').map(({ file }) => file)).toEqual(
      files.map((f) => f.path),
    );
    expect(events.filter(({ status }) => status === 'done')).toHaveLength(files.length);
    const totals = events.filter(({ status }) => status === 'progress_total').map(({ loaded }) => loaded!);
    expect(totals).toEqual([...totals].sort((a, b) => a - b));
    expect(totals.at(-1)).toBe(files.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(runtime.info.bytes).toBe(totals.at(-1));
    expect(events.at(-1)).toMatchObject({ status: 'ready' });
  });

  test('the vision tower can wait for the first picture, and then gives the same', async () => {
    const { stages, embeddings } = await readManifest(folderBundle(paths.q8));
    const filesOf = (kind: string) => stages.filter((stage) => stage.kind === kind).map(({ weights }) => weights.path);
    const image = pathToFileURL(fixturePath('images/cat.png'));
    const events: ProgressEvent[] = [];
    const onProgress = (event: ProgressEvent) => events.push(event);
    const loadedFiles = () => events.splice(0).flatMap(({ status, file }) => (status === 'initiate' ? [file] : []));

    const now = await load(paths.q8, { onProgress });
    expect(loadedFiles()).toEqual([...filesOf('vision'), ...filesOf('text'), embeddings.path]);
    const later = await load(paths.q8, { vision: 'later', onProgress });
    expect(loadedFiles()).toEqual([...filesOf('text'), embeddings.path]);
    expect(later.info.bytes).toBe(now.info.bytes);

    const wanted = await now.embed(['a', { image }]);
    await later.embed(['a'], { onProgress });
    expect(loadedFiles()).toEqual([]);
    // Three calls at once: it is loaded once, even though the first call is aborted.
    const abort = new AbortController();
    const gone = later.embed([{ image }], { signal: abort.signal });
    const calls = [later.embed(['a', { image }], { onProgress }), later.embed(['a', { image }], { onProgress })];
    abort.abort();
    await expect(gone).rejects.toMatchObject({ name: 'AbortError' });
    for (const found of await Promise.all(calls)) expect(found).toEqual(wanted);
    expect(loadedFiles()).toEqual(filesOf('vision'));
    await later.embed([{ image }], { onProgress });
    expect(loadedFiles()).toEqual([]);
  });

  test('disposing while the vision tower loads rejects the call; a damaged tower is reported with the first picture', async () => {
    const image = pathToFileURL(fixturePath('images/cat.png'));
    const runtime = await load(paths.q8, { vision: 'later' });
    const onProgress = ({ phase, status }: ProgressEvent) => {
      if (phase === 'load' && status === 'done') void runtime.dispose();
    };
    await expect(runtime.embed([{ image }], { onProgress })).rejects.toThrow(DisposedError);

    const path = join(folder, 'damaged-vision');
    await convertFixture('tiny-untied', path, { dtype: 'q8' });
    const { stages } = await readManifest(folderBundle(path));
    const file = join(path, stages[0]!.weights.path);
    const bytes = await readFile(file);
    await writeFile(file, bytes.with(1000, bytes[1000]! ^ 1));
    const damaged = await load(path, { vision: 'later' });
    expect(await damaged.embed(['a'])).toHaveLength(1);
    await expect(damaged.embed([{ image }])).rejects.toThrow(IntegrityError);
    await writeFile(file, bytes);
    expect(await damaged.embed([{ image }])).toHaveLength(1);
  });

  test('a flipped bit in the weights is an IntegrityError before anything runs', async () => {
    const path = join(folder, 'damaged');
    await convertFixture('tiny-untied', path, { dtype: 'q8' });
    const { stages } = await readManifest(folderBundle(path));
    const file = join(path, stages[0]!.weights.path);
    const bytes = await readFile(file);
    bytes[1000]! ^= 1;
    await writeFile(file, bytes);
    await expect(load(path)).rejects.toThrow(IntegrityError);
  });

  test('a model that does not reproduce its probe is refused', async () => {
    const reader = folderBundle(paths.q8);
    const manifest = await readManifest(reader);
    const [first, second, ...rest] = manifest.probe;
    const swapped = [{ ...first!, embedding: second!.embedding }, second!, ...rest];
    const loading = loadRuntime({ reader, manifest: { ...manifest, probe: swapped }, probe: 'always' });
    await expect(loading).rejects.toThrow(ProbeError);
    expect((await load(paths.q8, { probe: 'always' })).info.ladder).toMatchObject([
      { outcome: 'passed', device: 'cpu' },
    ]);
  });

  test('fast products are used if they pass the probe, else exact ones; the ladder says which', async () => {
    const { info } = await load(paths.q8);
    expect(info).toMatchObject({
      compute: 'exact',
      product: 'pair',
      ladder: [{ compute: 'exact', outcome: 'skipped' }],
    });
    const fast = await load(paths.q8, { compute: 'fast' });
    expect(fast.info).toMatchObject({ compute: 'fast', product: 'int8' });
    const [step] = fast.info.ladder;
    expect(step).toMatchObject({ compute: 'fast', outcome: 'passed' });
    expect(1 - step!.cosine!).toBeGreaterThan(1e-5); // the loss from int8 shows that it was used
    expect(1 - step!.cosine!).toBeLessThan(1e-3);

    const reader = folderBundle(paths.q8);
    const manifest = await readManifest(reader);
    const [first, second, ...rest] = manifest.probe;
    const swapped = [{ ...first!, embedding: second!.embedding }, second!, ...rest];
    const refused = await loadRuntime({ reader, manifest: { ...manifest, probe: swapped }, compute: 'fast' });
    expect(refused.info).toMatchObject({ compute: 'exact', product: 'pair' });
    expect(refused.info.ladder).toMatchObject([
      { compute: 'fast', outcome: 'failed', reason: expect.stringContaining('cosine') },
      { compute: 'exact', outcome: 'skipped' },
    ]);
    await refused.dispose();
  });

  test('an unpacked text tower gives the same vectors as a packed one', async () => {
    for (const dtype of ['q8', 'q4'] as const) {
      const path = join(folder, `packed-${dtype}`);
      await convertFixture('tiny-tied', path, { dtype });
      const onDisk = folderBundle(path);
      const inMemory: BundleReader = {
        label: 'memory',
        open: async (name) => {
          const file = await onDisk.open(name);
          return { path: name, size: file.size, read: file.read.bind(file), data: () => file.read(0, file.size) };
        },
      };
      const [packed, unpacked] = await Promise.all(
        [false, true].map((unpackText) =>
          loadRuntime({ reader: inMemory, internal: { product: 'float', unpackText }, probe: 'always' }),
        ),
      );
      const inputs = ['two dogs on a beach', { image: pathToFileURL(fixturePath('images/cat.png')) }];
      const [expected, found] = [await packed!.embed(inputs), await unpacked!.embed(inputs)];
      found.forEach((vector, i) => expect(maxDifference(vector, expected[i]!)).toBeLessThan(1e-5));
      expect(found).not.toEqual(expected); // other kernels add up in another order, so it was unpacked
      await packed!.dispose();
      await unpacked!.dispose();
    }
  });

  test('int8 products in pairs give the same vectors as float products', async () => {
    const pairs = await load(paths.q8);
    const float = await load(paths.q8, { internal: { product: 'float' } });
    expect(float.info.product).toBe('float');
    const image = pathToFileURL(fixturePath('images/cat.png'));
    const inputs = ['two dogs on a beach', { image }];
    const [found, expected] = [await pairs.embed(inputs), await float.embed(inputs)];
    found.forEach((vector, i) => expect(1 - cosine(vector, expected[i]!)).toBeLessThan(2e-8)); // the probe allows 1e-6
    expect(found).not.toEqual(expected);
  });

  test("a bundle without a self-test is refused, though Node's CPU would not run it", async () => {
    const reader = folderBundle(paths.q8);
    const loading = loadRuntime({ reader, manifest: { ...(await readManifest(reader)), probe: [] } });
    await expect(loading).rejects.toThrow(BundleFormatError);
  });

  test('a row of the table that is not finite never becomes a vector', async () => {
    const path = join(folder, 'not-finite');
    const { embeddings } = await convertFixture('tiny-tied', path, { dtype: 'fp32' });
    const sound = await load(path);
    const { ids } = await sound.tokens('kite');
    await sound.dispose();
    const table = await readFile(join(path, embeddings.path));
    table.writeFloatLE(NaN, ids[0]! * embeddings.rowBytes);
    await writeFile(join(path, embeddings.path), table);
    const hash = createHash('sha256').update(table).digest('hex');
    const manifestPath = join(path, 'bundle.json');
    await writeFile(manifestPath, (await readFile(manifestPath, 'utf8')).replaceAll(embeddings.sha256, hash));
    const runtime = await load(path);
    await expect(runtime.embed(['dog', 'kite'])).rejects.toThrow(NotFiniteError);
    await expect(runtime.embed(['dog', 'kite'])).rejects.toThrow(
      'inputs[1]: the model gave a vector that is not finite',
    );
    expect(await runtime.embed(['dog'])).toHaveLength(1);
  });

  test('a picture that would grow beyond memory is refused before it does', async () => {
    const runtime = await load(paths.q8);
    const image = pathToFileURL(fixturePath('images/cat.png'));
    await expect(runtime.embed([{ image }], { minPixels: 2 ** 52, maxPixels: 2 ** 52 })).rejects.toThrow(
      InvalidInputError,
    );
    await expect(runtime.embed([{ image }], { minPixels: 2 ** 25, maxPixels: 2 ** 52 })).rejects.toThrow(
      'would become',
    );
  });

  test('options that cannot be honoured are refused', async () => {
    const path = paths.q8;
    await expect(load(path, { device: 'wasm' })).rejects.toThrow(UnsupportedError);
    await expect(load(path, { device: 'tpu' as never })).rejects.toThrow(InvalidInputError);
    await expect(load(path, { activations: 'bf16' as never })).rejects.toThrow(InvalidInputError);
    await expect(load(path, { compute: 'quick' as never })).rejects.toThrow(InvalidInputError);
  });
});
