import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  models,
  VLM2Vec,
  similarity,
  InvalidInputError,
  SourceNotFoundError,
  UnsupportedError,
  DisposedError,
} from './index';
import type { EmbedUsage, ModelSource } from './index';
import { convertFixture } from './testing/bundles';
import {
  adapterPath,
  checkpointPath,
  cosine,
  expectedInputs,
  expectedModel,
  fixtureInputs,
  fixturePath,
  maxDifference,
} from './testing/fixtures';

let folder: string;
let bundle: string;
let model: VLM2Vec;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vlm2vec-embedder-'));
  bundle = join(folder, 'tiny');
  await convertFixture('tiny-tied', bundle, { dtype: 'fp32' });
  model = await VLM2Vec.load(bundle);
});
afterAll(async () => {
  await model.dispose();
  await rm(folder, { recursive: true, force: true });
});

const cat = pathToFileURL(fixturePath('images/cat.png'));
const tiny = pathToFileURL(fixturePath('images/tiny.png'));

async function filesOf(path: string): Promise<File[]> {
  return Promise.all((await readdir(path)).map(async (name) => new File([await readFile(join(path, name))], name)));
}

describe('conveniences', () => {
  test('embedQuery and embedDocument word their inputs as MMEB does', async () => {
    const worded = await model.embed('Find me an everyday image that matches the given caption: a cat\n');
    expect(await model.embedQuery('a cat')).toEqual(worded);
    expect(await model.embedQuery(['a cat'])).toEqual([worded]);
    expect(await model.embedDocument(cat)).toEqual(await model.embed(cat));
    const [asked] = await model.embedQuery([{ image: cat, text: 'What?' }], { task: 'DocVQA' });
    const text = '<|image_pad|>\nRepresent the given image with the following question: What?\n';
    expect(asked).toEqual(await model.embed({ image: cat, text }));
    await expect(model.embedQuery('a', { instruction: 'b' } as never)).rejects.toThrow(InvalidInputError);
    await expect(model.embedDocument([cat, 'a'], { task: 'MSCOCO_t2i' })).rejects.toThrow(/^inputs\[1\]: /);
    await expect(model.embedQuery('a', { taks: 'DocVQA' } as never)).rejects.toThrow(/no option 'taks'/);
  });

  test('precisions', async () => {
    const inputs = ['a cat', 'two dogs', 'a red kite'];
    const exact = await model.embed(inputs);
    const bytes = await model.embed(inputs, { precision: 'int8' });
    const bits = await model.embed('a cat', { precision: 'binary' });
    expect(bytes[0]).toBeInstanceOf(Int8Array);
    expect(bits).toBeInstanceOf(Uint8Array);
    expect([bytes[0]!.length, bits.length]).toEqual([model.dims, model.dims / 8]);
    const [wanted, found] = [similarity(exact, exact), similarity(bytes, bytes)];
    for (const [i, row] of wanted.entries())
      for (const [j, value] of row.entries()) expect(found[i]![j]).toBeCloseTo(value, 2);
    await expect(model.embed('a', { precision: 'int4' as never })).rejects.toThrow(
      /known values are float32, int8, binary/,
    );
  });

  test('a model goes away with its block', async () => {
    let kept: VLM2Vec;
    {
      await using own = await VLM2Vec.load(bundle);
      kept = own;
      expect(await own.embed('a')).toHaveLength(own.dims);
    }
    await expect(kept.embed('a')).rejects.toThrow(DisposedError);
  });
});

describe('embed', () => {
  test('gives one unit vector for one input, a list for a list', async () => {
    const vector = await model.embed('A cat and a dog');
    expect(vector).toBeInstanceOf(Float32Array);
    expect(vector).toHaveLength(model.dims);
    expect(similarity(vector, vector)).toBeCloseTo(1, 6);
    expect(await model.embed(['A cat and a dog', cat])).toHaveLength(2);
    const oracle = expectedModel('tiny-tied').embeddings.get('text-cat-dog')!;
    expect(cosine(vector, oracle)).toBeGreaterThanOrEqual(0.99999);
  });

  test('an image alone reads as MMEB’s image targets do', async () => {
    const asTarget = await model.embed({ image: cat, text: '<|image_pad|>\nRepresent the given image.\n' });
    expect(await model.embed(cat)).toEqual(asTarget);
    const { text } = fixtureInputs().find(({ id }) => id === 'image-cat')!;
    expect(text).toBe('<|image_pad|>\nRepresent the given image.\n');
    expect(cosine(asTarget, expectedModel('tiny-tied').embeddings.get('image-cat')!)).toBeGreaterThanOrEqual(0.99999);
  });

  test('an instruction comes before the text', async () => {
    const composed = await model.embed('Find it: a red kite');
    expect(await model.embed('a red kite', { instruction: 'Find it:' })).toEqual(composed);
    expect(await model.embed({ text: 'a red kite', instruction: 'Find it:' }, { instruction: 'not this' })).toEqual(
      composed,
    );
  });

  test('tells the tokens it read and the time it took', async () => {
    const usages: EmbedUsage[] = [];
    await model.embed(['A cat and a dog', cat], { onUsage: (usage) => usages.push(usage) });
    const expected = expectedInputs();
    const { ids, grid } = expected.get('image-cat')!;
    const imageTokens = (grid![0] * grid![1]) / 4;
    const tokens = expected.get('text-cat-dog')!.ids.length + ids.length;
    expect(usages).toEqual([{ inputs: 2, tokens, imageTokens, milliseconds: expect.anything() as unknown }]);
    expect(tokens).toBeGreaterThan(imageTokens);
    for (const time of Object.values(usages[0]!.milliseconds)) expect(time).toBeGreaterThan(0);
  });

  test('refuses what it does not know, naming the input', async () => {
    await expect(model.embed('a', { maxToken: 3 } as never)).rejects.toThrow("no option 'maxToken'");
    await expect(model.embed(['a', 7 as never])).rejects.toThrow('inputs[1]');
    await expect(model.embed(['a', ''])).rejects.toThrow(InvalidInputError);
    await expect(model.embed(['a', ''])).rejects.toThrow('inputs[1]');
  });
});

describe('rank', () => {
  test('an image against captions, with MMEB’s caption query', async () => {
    const captions = ['a red kite', 'A cat and a dog', 'a cup of coffee', 'A cat and a tiger'];
    const ranked = await model.rank(cat, captions);
    const query = await model.embed({
      image: cat,
      text: '<|image_pad|>\nFind an image caption describing the given everyday image.\n',
    });
    const vectors = await model.embed(captions);
    const expected = vectors
      .map((vector, index) => ({ index, score: similarity(query, vector), candidate: captions[index]! }))
      .sort((a, b) => b.score - a.score);
    expect(ranked.map(({ index, candidate }) => ({ index, candidate }))).toEqual(
      expected.map(({ index, candidate }) => ({ index, candidate })),
    );
    ranked.forEach(({ score }, i) => expect(score).toBeCloseTo(expected[i]!.score, 5));
  });

  test('a text against images, with MMEB’s image query', async () => {
    const ranked = await model.rank('a $& cat', [tiny, cat]);
    const query = await model.embed('Find me an everyday image that matches the given caption: a $& cat\n');
    const vectors = await model.embed([tiny, cat]);
    for (const { index, score } of ranked) expect(score).toBeCloseTo(similarity(query, vectors[index]!), 5);
    expect(ranked[0]!.score).toBeGreaterThanOrEqual(ranked[1]!.score);
  });

  test('a query with image and text is used as given; an instruction replaces the usual one', async () => {
    const [ranked] = await model.rank({ image: cat, text: 'what is this?' }, ['a cat']);
    const query = await model.embed({ image: cat, text: 'what is this?' });
    const caption = await model.embed('a cat');
    expect(ranked!.score).toBeCloseTo(similarity(query, caption), 5);
    const [other] = await model.rank(cat, ['a cat'], { instruction: 'Identify the object shown in the image' });
    const asked = await model.embed({ image: cat, instruction: 'Identify the object shown in the image' });
    expect(other!.score).toBeCloseTo(similarity(asked, caption), 5);
  });

  test('nothing to rank gives nothing', async () => {
    expect(await model.rank(cat, [])).toEqual([]);
  });

  test('one candidate that is no list is refused by name', async () => {
    await expect(model.rank(cat, 'a cat' as never)).rejects.toThrow(InvalidInputError);
    await expect(model.rank(cat, 'a cat' as never)).rejects.toThrow(/takes a list of candidates/);
  });
});

test('vectors of different models are not compared', () => {
  expect(() => similarity(new Float32Array(2), new Float32Array(3))).toThrow(InvalidInputError);
});

describe('sources', () => {
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = join(folder, new URL(request.url!, 'http://x').pathname);
      stat(path).then(
        (info) => {
          if (!info.isFile()) return response.writeHead(404).end();
          return createReadStream(path).pipe(response.writeHead(200));
        },
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tiny/`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test.each<[string, () => ModelSource | Promise<ModelSource>]>([
    ['a file URL', () => pathToFileURL(bundle)],
    ['a web URL', () => url],
    ['the URL of the manifest', () => new URL('bundle.json', url)],
    ['files', () => filesOf(bundle)],
  ])('%s of a bundle', async (_, source) => {
    await using other = await VLM2Vec.load(await source());
    expect(maxDifference(await other.embed('a cat'), await model.embed('a cat'))).toBeLessThanOrEqual(1e-6);
  });

  test('a checkpoint and an adapter are converted into the user’s cache, once', async () => {
    vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
    const phases: string[][] = [];
    for (let i = 0; i < 2; i++) {
      const seen = new Set<string>();
      await using other = await VLM2Vec.load(checkpointPath('tiny-tied'), {
        adapter: adapterPath('dora'),
        dtype: 'fp32',
        onProgress: ({ phase }) => seen.add(phase),
      });
      expect(other.info).toMatchObject({ dtype: 'fp32', source: { adapter: { kind: 'dora' } } });
      const oracle = expectedModel('tiny-tied+dora').embeddings.get('text-cat-dog')!;
      expect(cosine(await other.embed('A cat and a dog'), oracle)).toBeGreaterThanOrEqual(0.99999);
      phases.push([...seen]);
    }
    vi.unstubAllEnvs();
    expect(phases[0]).toContain('convert');
    expect(phases[1]).not.toContain('convert');
    expect(await readdir(join(folder, 'cache', 'vlm2vec-web'))).toHaveLength(1);
  });

  test.each<[string, unknown, new (...args: never[]) => Error]>([
    ['a folder that is not there', './nowhere', SourceNotFoundError],
    ['a URL that is not there', 'http://127.0.0.1:1/x/', SourceNotFoundError],
    ['no files', [], InvalidInputError],
    ['a number', 7, InvalidInputError],
    ['an object', {}, InvalidInputError],
  ])('%s is refused', async (_, source, Class) => {
    await expect(VLM2Vec.load(source as ModelSource)).rejects.toThrow(Class);
  });

  test.each([
    ['./nowhere', /There is no folder \/.*\/nowhere; /],
    ['/nowhere', /There is no folder \/nowhere; /],
    ['../nowhere/at/all', /There is no folder \/.*/],
    ['package.json', /\/package\.json is a file; give the folder/],
    ['nowhere', /^'nowhere' is not a built-in model, URL, folder or Hub repository \(owner\/name\)\.$/],
  ])('what is wrong with %s is said', async (source, message) => {
    await expect(VLM2Vec.load(source)).rejects.toThrow(message);
  });

  test.each<[object, new (...args: never[]) => Error, RegExp]>([
    [{ dtype: 'q4' }, UnsupportedError, /bundle of fp32 weights/],
    [{ dtype: 'int3' }, InvalidInputError, /int3/],
    [{ device: 'wasm' }, UnsupportedError, /use 'cpu'/],
    [{ worker: true }, UnsupportedError, /worker/],
    [{ devise: 'cpu' }, InvalidInputError, /no option 'devise'/],
    [{ adapter: 'TIGER-Lab/VLM2Vec-Qwen2VL-2B' }, UnsupportedError, /adapter was given/],
  ])('option %j is refused, not ignored', async (options, Class, message) => {
    const loading = VLM2Vec.load(bundle, options as never);
    await expect(loading).rejects.toThrow(Class);
    await expect(loading).rejects.toThrow(message);
  });

  test('a page that came by http is told what it lacks', async () => {
    vi.stubGlobal('isSecureContext', false);
    await expect(VLM2Vec.load('nano')).rejects.toThrow(/https/);
    await expect(models.isCached('nano')).rejects.toThrow(UnsupportedError);
    vi.unstubAllGlobals();
  });

  test('an aborted load rejects with the signal’s reason', async () => {
    await expect(VLM2Vec.load(bundle, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

test('dispose ends the model', async () => {
  const other = await VLM2Vec.load(bundle);
  const call = other.embed([cat]);
  await Promise.all([expect(call).rejects.toThrow(DisposedError), other.dispose()]);
  await expect(other.embed('a')).rejects.toThrow(DisposedError);
  await other.dispose();
});
