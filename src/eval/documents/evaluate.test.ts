/**
 * @file Visual documents with a trivial model: what is embedded, how often, in shards, after interruptions; details,
 * reports.
 */

import path from 'node:path';
import sharp from 'sharp';
import { beforeEach, expect, test } from 'vitest';
import { folderTree } from '../../checkpoint/folder.node';
import { InvalidInputError, UnsupportedError } from '../../errors';
import { decodeImage } from '../../image';
import { recipeNamed } from '../../recipes';
import { expectedOverWhite, fixtureBytes, sha256 } from '../../testing/fixtures';
import { compareRuns } from '../details';
import { encodeShard, type EvalModel } from '../encode';
import type { Regime } from '../regime';
import { memoryVectors, type VectorStore } from '../vectors';
import { openDocuments, type DocumentData } from './data';
import { documentDetails, evaluateDocuments, scoreDocuments, type DocumentDetail } from './evaluate';
import { documentPrompts, documentRegime, VLM2VEC_PROMPTS } from './prompts';
import { publishedNdcg } from './published';
import { documentMarkdown, makeDocumentReport } from './report';
import { DOCUMENT_SETS, documentSet } from './sets';

const MINI = path.resolve(import.meta.dirname, '../../../reference/fixtures/visual-documents');
const regime: Regime = {
  ...{ name: 'v2', key: 'v2', options: {} },
  prepare: async (file) => ({ width: 1, height: 1, data: new Uint8Array(file) }),
};

let data: DocumentData;
let store: VectorStore;
beforeEach(async () => {
  data = (await openDocuments(await folderTree(MINI)))!.asked(VLM2VEC_PROMPTS);
  store = memoryVectors();
});

/** Unit vectors that depend on the bytes of the picture, or on the text. */
function fakeModel(change: () => void = () => undefined): EvalModel & { seen: number } {
  const model = {
    ...{ dims: 6, imageToken: '<image>', seen: 0 },
    embed: async (inputs: Parameters<EvalModel['embed']>[0]) => {
      model.seen += inputs.length;
      change();
      return inputs.map(({ text, image }) => {
        const bytes = image ? image.data : new TextEncoder().encode(text);
        const vector = new Float32Array(6);
        bytes.forEach((byte, i) => (vector[i % 6]! += byte - 128));
        const norm = Math.hypot(...vector);
        return vector.map((value) => value / norm);
      });
    },
  };
  return model;
}

const SETS = ['ViDoRe_shiftproject', 'ViDoRe_esg_reports_v2', 'ViDoRe_esg_reports_v2_multilingual'].map((name) =>
  documentSet(name)!,
);

test('each page is embedded once, whatever sets it is in; a second run embeds nothing', async () => {
  const model = fakeModel();
  const first = await evaluateDocuments({ data, model, regime, store, sets: SETS });
  // 8 queries and 12 pages; 10 queries and 11 pictures, whose English half was already there
  expect(model.seen).toBe(8 + 12 + 10 + 11);
  expect(first.map(({ scores, pages, pairs }) => [scores.length, pages, pairs])).toEqual([
    [8, 12, 20],
    [5, 12, 16],
    [10, 12, 21],
  ]);
  const again = fakeModel();
  expect(await evaluateDocuments({ data, model: again, regime, store, sets: SETS })).toEqual(first);
  expect(again.seen).toBe(0);
  expect(await scoreDocuments({ data, store, sets: SETS })).toEqual(first);
});

test('shards and an interruption give the same; missing vectors are refused', async () => {
  const whole = await evaluateDocuments({ data, model: fakeModel(), regime, store: memoryVectors(), sets: SETS });
  let calls = 0;
  const failing = fakeModel(() => {
    if (++calls === 4) throw new Error('the power is gone');
  });
  await expect(
    encodeShard({ data, model: failing, regime, store, sets: SETS }, { index: 0, count: 2 }),
  ).rejects.toThrow('the power is gone');
  await expect(scoreDocuments({ data, store, sets: SETS })).rejects.toThrow(InvalidInputError);
  for (const index of [0, 1]) {
    await encodeShard({ data, model: fakeModel(), regime, store, sets: SETS }, { index, count: 2 });
  }
  expect(await scoreDocuments({ data, store, sets: SETS })).toEqual(whole);
});

async function detailsOf(sets = SETS): Promise<DocumentDetail[]> {
  const details: DocumentDetail[] = [];
  for await (const detail of documentDetails({ data, store, sets })) details.push(detail);
  return details;
}

test('details: the five best, all relevant ones; two runs compared', async () => {
  const results = await evaluateDocuments({ data, model: fakeModel(), regime, store, sets: SETS });
  const details = await detailsOf();
  expect(details.map(({ ndcg }) => ndcg)).toEqual(results.flatMap(({ scores }) => scores));
  for (const { found, relevant, candidates } of details) {
    expect(found.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5]);
    expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a));
    expect(candidates).toBe(12);
    expect(relevant.every(({ grade, rank }) => grade > 0 && rank <= candidates)).toBe(true);
  }
  const better = details.map((detail, i) => (i === 0 ? { ...detail, ndcg: 1 } : detail));
  const all = compareRuns(details, better).at(-1)!;
  expect(all.onlyB).toBe(details[0]!.ndcg < 1 ? 1 : 0);
  expect(all.difference.value).toBeCloseTo((100 * (1 - details[0]!.ndcg)) / 8 / 3, 10);
  const regraded = details.map((detail, i) =>
    i === 0 ? { ...detail, relevant: detail.relevant.map((page) => ({ ...page, grade: 2 })) } : detail,
  );
  expect(() => compareRuns(details, regraded)).toThrow(/row 0: the second run has a different query/);
});

test('the report: intervals, groups, published figures; parts of sets do not count', async () => {
  const subject = {
    model: {
      ...{ label: 'bundle', dtype: 'fp32', dims: 6, id: 'f'.repeat(64), device: 'cpu', activations: 'f32' },
      source: { base: { id: 'VLM2Vec/VLM2Vec-V2.0', revision: null }, adapter: null },
    },
    regime: { name: 'v2', prompts: 'vlm2vec-v2' },
    data: { label: 'visual-documents', revision: null, limit: null },
  } as unknown as Parameters<typeof makeDocumentReport>[0];
  const result = (name: string, scores: number[]) => ({ set: documentSet(name)!, pages: 12, pairs: 20, scores });
  const report = makeDocumentReport(subject, [
    result('ViDoRe_shiftproject', [1, 0.5, 0, 0.5]),
    result('ViDoRe_esg_reports_v2', [0, 0]),
    result('ViDoRe_esg_reports_v2_multilingual', [1, 1]),
  ]);
  expect(report).toMatchObject({ metric: 'NDCG@5', against: 'v2.0' });
  expect(report.sets[0]).toMatchObject({ score: 50, published: { 'v2.0': 61, 'qwen3-2b': null }, difference: -11 });
  expect(report.sets[0]!.interval.low).toBeGreaterThanOrEqual(0);
  expect(report.sets[0]!.interval.low).toBeLessThan(50);
  expect(report.sets[1]).toMatchObject({ score: 0, published: { 'v2.0': null }, difference: null });
  const mean = (name: string) => report.averages.find((each) => each.name === name)!;
  expect(mean('ViDoRe v2')).toMatchObject({ sets: 1, score: 100, interval: { low: 100, high: 100 } });
  expect(mean('All')).toMatchObject({ sets: 2, score: 75 });
  expect(mean('VisRAG')).toMatchObject({ sets: 0, score: null, interval: null });
  expect(mean('All').published['v2.0']).toBeCloseTo((61 + 45.7) / 2, 10);
  expect(mean('All').published['qwen3-2b']).toBeNull(); // its average is over all 24
  const markdown = documentMarkdown(report);
  expect(markdown).toMatch(
    /\| ViDoRe_shiftproject \| ViDoRe v1 \| 4 \| 12 \| 50\.0 \| \[\d+\.\d, \d+\.\d\] \| 8\.4 \| 1\.6 \| 61\.0 \| −11\.0 \|/,
  );
  expect(markdown).toContain('- Prompts: those of vlm2vec-v2');
  const whole = makeDocumentReport(
    subject,
    DOCUMENT_SETS.filter(({ counts }) => counts).map(({ name }) => result(name, [1])),
  );
  const all = whole.averages.at(-1)!;
  expect(all.published['qwen3-8b']).toBe(82.4);
  expect(all.published['v2.0']).toBeCloseTo(68.6, 1);
});

test('every set that counts has published figures, of the authors’ three models', () => {
  for (const { name, counts } of DOCUMENT_SETS) {
    for (const model of ['v1-2b', 'v1-7b', 'v2.0'] as const) {
      expect(publishedNdcg(name, model) !== null, name).toBe(counts);
    }
  }
});

test('recipes: those whose prompts are known, in the sizes that they were measured with', async () => {
  const recipe = (name: string) => ({ ...recipeNamed(name), isRaw: 'raw' in recipeNamed(name).prompt });
  const image = {
    ...{ plan: 'native', options: ['minPixels', 'maxPixels'] as const, patchSize: 14, mergeSize: 2 },
    ...{ minPixels: 3136, maxPixels: 12_845_056 },
  };
  expect(documentPrompts(recipe('vlm2vec')).name).toBe('vlm2vec-v2');
  expect(documentRegime(undefined, recipe('vlm2vec-v2'), image).key).toBe('v2,3136,1003520,upright');
  expect(documentRegime('v1', recipe('vlm2vec'), image).name).toBe('v1');
  const qwen3 = recipe('qwen3-vl-embedding');
  expect(documentPrompts(qwen3).name).toBe('qwen3-vl-embedding');
  expect(documentRegime(undefined, qwen3, image)).toMatchObject({ name: 'native', options: {} });
  // As `datasets` returns them: rotated according to their EXIF data; for Qwen3-VL, pages also over white.
  const cat = sharp(fixtureBytes('images/cat.png'));
  const turned = new Uint8Array(await cat.clone().jpeg().withMetadata({ orientation: 6 }).toBuffer());
  const { width, height } = await decodeImage(turned, { orientation: 'stored' });
  for (const name of ['vlm2vec', 'qwen3-vl-embedding']) {
    const regime = documentRegime('native', recipe(name), image);
    expect(await regime.prepare(turned)).toMatchObject({ width: height, height: width });
  }
  const overWhite = expectedOverWhite().find((file) => file.image === 'images/rgba.png')!;
  const clear = await documentRegime(undefined, qwen3, image).prepare(fixtureBytes('images/rgba.png'));
  expect(sha256(clear.data)).toBe(overWhite.sha256);
  expect(() => documentRegime('v2', qwen3, image)).toThrow(UnsupportedError);
  expect(() => documentRegime(undefined, qwen3, image, { maxPixels: 50_176 })).toThrow(/neither --max-pixels/);
  expect(() => documentRegime('v1', recipe('vlm2vec-v2'), image)).toThrow(/not as the regime v1/);
  for (const name of ['gme', 'dse', 'colqwen2', 'b3', 'siglip2']) {
    expect(() => documentPrompts(recipe(name)), name).toThrow(/not known how .* is prompted for visual documents/);
  }
});
