/** @file The evaluation with a trivial model: what is embedded, how often, in shards, and after interruptions. */

import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InvalidInputError, DatasetFormatError } from '../errors';
import type { RgbImage } from '../image';
import { mmebFiles, mmebTree, plainPicture } from '../testing/mmeb-files';
import { openMmeb, type MmebData } from './dataset';
import { encodeShard, type EvalModel } from './encode';
import { evaluate, scoreOnly, type EvaluateOptions, type SetResult } from './evaluate';
import { makeRegime } from './regime';
import { IMAGE_TOKEN as I } from './rows';
import { recordBytes, type VectorOrigin } from './vector-file';
import { openVectorFiles } from './vector-file.node';
import { memoryVectors } from './vectors';

const COLOURS = { red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255] } as const;
type Colour = keyof typeof COLOURS;
const NAMES = Object.keys(COLOURS) as Colour[];

const others = (colour: Colour) => [colour, ...NAMES.filter((name) => name !== colour)];
const pictures: Record<string, Uint8Array> = {};
for (const name of NAMES)
  for (const set of ['VOC2007', 'WebQA']) pictures[`${set}/${name}.png`] = await plainPicture(COLOURS[name]);

/** Queries 0 to 5 ask for red, green, blue, …; the model below mistakes blue for green. */
const tables = {
  VOC2007: Array.from({ length: 6 }, (_, i) => ({
    qry_text: `${I}\nIdentify the object shown in the image\n`,
    qry_img_path: `VOC2007/${NAMES[i % 3]!}.png`,
    tgt_text: others(NAMES[i % 3]!),
    tgt_img_path: ['', '', ''],
  })),
  WebQA: Array.from({ length: 30 }, (_, i) => ({
    qry_text: `${I}\nFind a Wikipedia image that answers this question: ${NAMES[i % 3]!}, ${i}?\n`,
    qry_img_path: '',
    tgt_text: others(NAMES[i % 3]!).map(
      () => `${I}\nRepresent the given Wikipedia image with related text information: t\n`,
    ),
    tgt_img_path: others(NAMES[i % 3]!).map((name) => `WebQA/${name}.png`),
  })),
};

let data: MmebData;
let work: string;
beforeEach(async () => {
  data = await openMmeb(mmebTree(mmebFiles(tables, pictures)));
  work = await mkdtemp(path.join(tmpdir(), 'eval-'));
});
afterEach(() => rm(work, { recursive: true }));

interface Counting extends EvalModel {
  seen: string[];
}

/** Looks at a picture's colour, or for the name of one; blue pictures look green to it. */
function fakeModel(change: (calls: number) => void = () => undefined): Counting {
  const seen: string[] = [];
  let calls = 0;
  const vectorOf = ({ text, image }: { text: string; image?: RgbImage }) => {
    const name = image ? NAMES.find((_, i) => image.data[i]! > 128)! : NAMES.find((each) => text.includes(each))!;
    const axis = image && name === 'blue' ? 1 : NAMES.indexOf(name);
    return Float32Array.from({ length: 3 }, (_, d) => (d === axis ? 1 : 0));
  };
  return {
    seen,
    dims: 3,
    imageToken: '<img>',
    embed: async (inputs) => {
      change(calls++);
      seen.push(
        ...inputs.map(
          ({ text, image }) => `${image ? `[${Array.from(image.data.subarray(0, 3)).join()}]` : ''}${text}`,
        ),
      );
      return inputs.map(vectorOf);
    },
  };
}

const regime = makeRegime('native', {
  ...{ plan: 'native', options: ['minPixels', 'maxPixels'] },
  ...{ minPixels: 784, maxPixels: 7840, patchSize: 14, mergeSize: 2 },
});
const options = (model: EvalModel, more: Partial<EvaluateOptions> = {}): EvaluateOptions => ({
  ...{ data, model, regime, store: memoryVectors() },
  ...more,
});
const summary = (results: SetResult[]) =>
  results.map(({ set, correct, queries, predictions }) => [set.name, correct, queries, [...predictions].join('')]);

test('P@1 by hand, each unique pair embedded once', async () => {
  const model = fakeModel();
  const results = await evaluate(options(model));
  expect(results.map(({ set }) => set.name)).toEqual(['VOC2007', 'WebQA']);
  // VOC2007: red and green are right. Blue looks green; its candidates are blue, red, green.
  expect([...results[0]!.predictions]).toEqual([0, 0, 2, 0, 0, 2]);
  expect(results[0]).toMatchObject({ queries: 6, correct: 4, pairs: 6 });
  // WebQA: "blue" finds only zeros: the first of equal ones is the right one. "green" finds green and blue alike: the first.
  expect(results[1]).toMatchObject({ queries: 30, correct: 30, pairs: 33 });
  expect(new Set(model.seen).size).toBe(39);
  expect(model.seen).toHaveLength(39);
});

test('an image token in a text without a picture stays in it, in the model’s own spelling', async () => {
  const model = fakeModel();
  await evaluate(options(model, { sets: data.sets.slice(1), limit: 1 }));
  expect(model.seen).toContain('<img>\nFind a Wikipedia image that answers this question: red, 0?\n');
  expect(model.seen).toContain(
    '[255,0,0]<img>\nRepresent the given Wikipedia image with related text information: t\n',
  );
  expect(model.seen.join()).not.toContain(I);
});

test('limit and progress', async () => {
  const seen: string[] = [];
  const results = await evaluate(
    options(fakeModel(), {
      limit: 2,
      onProgress: ({ set, done, sets, loaded, total }) => seen.push(`${set.name} ${done}/${sets} ${loaded}/${total}`),
    }),
  );
  expect(results.map(({ queries }) => queries)).toEqual([2, 2]);
  expect(seen).toEqual([
    'VOC2007 0/2 0/5',
    'VOC2007 0/2 3/5',
    'VOC2007 0/2 5/5',
    'WebQA 1/2 0/5',
    'WebQA 1/2 2/5',
    'WebQA 1/2 5/5',
  ]);
});

describe('results that a model must not return', () => {
  test.each([
    ['NaN', () => Float32Array.of(NaN, 0, 0)],
    ['another length', () => Float32Array.of(1, 0)],
  ])('%s', async (_, vector) => {
    const model: EvalModel = { ...fakeModel(), embed: async (inputs) => inputs.map(vector) };
    await expect(evaluate(options(model))).rejects.toThrow(/not finite or has a different length/);
  });

  test('a refusal names the input', async () => {
    const model = { ...fakeModel(), embed: () => Promise.reject(new InvalidInputError('inputs[0]: too long.')) };
    await expect(evaluate(options(model))).rejects.toThrow(DatasetFormatError);
    await expect(evaluate(options(model))).rejects.toThrow(/^VOC2007, one of "red", .*: inputs\[0\]: too long\./);
  });

  test('so does an invalid picture', async () => {
    const bad = { ...pictures, 'VOC2007/green.png': Uint8Array.of(1, 2, 3) };
    data = await openMmeb(mmebTree(mmebFiles(tables, bad)));
    await expect(evaluate(options(fakeModel()))).rejects.toThrow(/^VOC2007, VOC2007\/green\.png: These bytes are not/);
  });
});

describe('stored vectors', () => {
  const origin: VectorOrigin = { model: 'abc', dims: 3, regime: regime.key, device: 'cpu', activations: 'f32' };
  const files = (suffix?: string, folder = work) =>
    openVectorFiles({ origin, folders: [folder], write: { folder, suffix } });
  const ownFile = async () =>
    path.join(
      work,
      (await readdir(work)).find((name) => name.endsWith('.bin'))!,
    );

  test('an interrupted run continues where it was, with the same result', async () => {
    const whole = summary(await evaluate(options(fakeModel())));
    const broken = fakeModel((calls) => {
      if (calls === 2) throw new Error('power cut');
    });
    const first = await files();
    await expect(evaluate(options(broken, { store: first }))).rejects.toThrow('power cut');
    await first.close();
    const rest = fakeModel();
    const second = await files();
    expect(second.size).toBe(broken.seen.length);
    expect(summary(await evaluate(options(rest, { store: second })))).toEqual(whole);
    expect([...broken.seen, ...rest.seen].sort()).toEqual([...new Set([...broken.seen, ...rest.seen])].sort());
    expect(broken.seen.length + rest.seen.length).toBe(39);
    await second.close();
    const third = await files();
    const none = fakeModel();
    expect(summary(await evaluate(options(none, { store: third })))).toEqual(whole);
    expect(none.seen).toEqual([]);
    await third.close();
  });

  test.each([
    ['a record cut short', (bytes: Buffer) => bytes.subarray(0, -5), 1],
    [
      'a damaged record',
      (bytes: Buffer) => (bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9), bytes),
      1,
    ],
    ['a damaged header', (bytes: Buffer) => (bytes.writeUInt8(0, 20), bytes), 39],
    ['an empty file', () => Buffer.alloc(0), 39],
  ])('%s is embedded anew', async (_, damage, lost) => {
    const first = await files();
    const whole = summary(await evaluate(options(fakeModel(), { store: first })));
    await first.close();
    await writeFile(await ownFile(), damage(await readFile(await ownFile())));
    for (const expected of [lost, 0]) {
      const store = await files();
      const model = fakeModel();
      expect(summary(await evaluate(options(model, { store })))).toEqual(whole);
      expect(model.seen).toHaveLength(expected);
      await store.close();
    }
  });

  test('are not those of another model, regime or device', async () => {
    const first = await files();
    await evaluate(options(fakeModel(), { store: first }));
    await first.close();
    for (const change of [{ model: 'abd' }, { regime: 'v1,1,2' }, { device: 'webgpu' }, { activations: 'f16' }]) {
      const store = await openVectorFiles({ origin: { ...origin, ...change }, folders: [work] });
      expect(store.size).toBe(0);
      await store.close();
    }
  });

  test('nor those of another picture with the same path', async () => {
    const first = await files();
    await evaluate(options(fakeModel(), { store: first, sets: data.sets.slice(0, 1) }));
    await first.close();
    const changed = { ...pictures, 'VOC2007/blue.png': await plainPicture([0, 10, 255]) };
    data = await openMmeb(mmebTree(mmebFiles(tables, changed)));
    const store = await files();
    const model = fakeModel();
    await evaluate(options(model, { store, sets: data.sets.slice(0, 1) }));
    expect(model.seen).toEqual(['[0,10,255]<img>\nIdentify the object shown in the image\n']);
    await store.close();
  });

  test('a file that has changed meanwhile is noticed', async () => {
    const store = await files();
    await evaluate(options(fakeModel(), { store }));
    const handle = await open(await ownFile(), 'r+');
    const { size } = await handle.stat();
    await handle.write(Buffer.from([9]), 0, 1, size - recordBytes(3) + 20);
    await handle.close();
    await expect(evaluate(options(fakeModel(), { store }))).rejects.toThrow(/changed while it was being read/);
    await store.close();
  });

  test.each([1, 2, 3, 7])('%i shards give what one run gives, each pair embedded by one of them', async (count) => {
    const whole = summary(await evaluate(options(fakeModel())));
    const seen: string[] = [];
    const folders: string[] = [];
    for (let index = 0; index < count; index++) {
      const folder = path.join(work, String(index));
      await mkdir(folder);
      folders.push(folder);
      const store = await files(`${index + 1}-of-${count}`, folder);
      const model = fakeModel();
      const { encoded, pairs } = await encodeShard(options(model, { store }), { index, count });
      expect(encoded).toBe(model.seen.length);
      expect(pairs).toBe(39);
      seen.push(...model.seen);
      await store.close();
    }
    expect(seen).toHaveLength(39);
    expect(new Set(seen).size).toBe(39);
    const store = await openVectorFiles({ origin, folders });
    expect(summary(await scoreOnly({ data, store }))).toEqual(whole);
    await store.close();
    if (count === 1) return;
    const partial = await openVectorFiles({ origin, folders: folders.slice(1) });
    await expect(scoreOnly({ data, store: partial })).rejects.toThrow(/vectors are missing/);
    await partial.close();
  });
});
