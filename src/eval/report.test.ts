/** @file Averages of the published table, and the report of results. */

import { expect, test } from 'vitest';
import type { SetResult } from './evaluate';
import { PAPER_AVERAGES, publishedModel, publishedScore, type PublishedModel } from './published';
import { makeReport, reportMarkdown, type ReportSubject } from './report';
import { averages, type AverageName } from './score';
import { MMEB_SETS, mmebSet } from './sets';

const ofSets = (model: PublishedModel) =>
  averages(MMEB_SETS.map((set) => ({ set, score: publishedScore(set.name, model)! })));

test('published scores have the published averages', () => {
  const means = (['v1-2b', 'v1-7b', 'v2.0'] as const).map(ofSets);
  const published = {
    All: [59.73, 65.37, 64.92],
    Classification: [58.6, 62.8, 62.9],
    VQA: [49.2, 56.5, 56.4],
    Retrieval: [65.0, 69.4, 69.6],
    Grounding: [73.1, 81.9, 77.1],
  } as const;
  for (const [name, values] of Object.entries(published)) {
    // Half a unit in the last digit, and a little more for 73.05.
    const digit = name === 'All' ? 0.00501 : 0.0501;
    values.forEach((value, i) => expect(Math.abs(means[i]![name as 'All']! - value)).toBeLessThan(digit));
  }
});

test('LLaVA’s scores have the averages that its paper prints', () => {
  const means = ofSets('llava');
  for (const [name, value] of Object.entries(PAPER_AVERAGES.llava!)) {
    expect(Math.abs(means[name as AverageName]! - value)).toBeLessThan(0.0501);
  }
});

test('a bundle is compared with the row of its adapter, or of its merged weights', () => {
  const base = { id: 'someone/base', revision: null };
  const of = (id: string) => publishedModel({ base, adapter: { id, revision: null, kind: 'dora' } as never });
  expect(of('TIGER-Lab/VLM2Vec-Qwen2VL-7B')).toBe('v1-7b');
  expect(of('VLM2Vec-V2.0')).toBe('v2.0'); // a folder
  expect(of('someone/VLM2Vec-V2.0')).toBeNull();
  expect(publishedModel({ base, adapter: null })).toBeNull();
  expect(publishedModel({ base: { id: 'TIGER-Lab/VLM2Vec-LLaVa-Next', revision: null }, adapter: null })).toBe('llava');
});

const subject: ReportSubject = {
  model: {
    ...{ label: 'bundle', dtype: 'q4', dims: 1536, id: 'f'.repeat(64), device: 'cpu', activations: 'f32' },
    source: {
      base: { id: 'Qwen/Qwen2-VL-2B-Instruct', revision: null },
      adapter: { id: 'TIGER-Lab/VLM2Vec-Qwen2VL-2B', revision: null, kind: 'dora' } as never,
    } as never,
  },
  regime: { name: 'v1', minPixels: 3136, maxPixels: 12_845_056 },
  data: { label: 'TIGER-Lab/MMEB-eval', revision: 'a'.repeat(40), limit: null },
};
const result = (name: string, correct: number, queries: number): SetResult => ({
  set: mmebSet(name)!,
  ...{ correct, queries, pairs: 1, predictions: new Uint32Array(queries) },
});

test('the report: ours, theirs, the difference', () => {
  const report = makeReport(subject, [
    result('VOC2007', 750, 1000),
    result('ObjectNet', 370, 1000),
    result('MSCOCO', 1, 3),
  ]);
  expect(report.against).toBe('v1-2b');
  expect(report.sets[0]).toMatchObject({
    name: 'VOC2007',
    score: 75,
    published: { 'v1-2b': 74.3, 'v1-7b': 80.6, 'v2.0': 84.9 },
  });
  expect(report.sets[0]!.difference).toBeCloseTo(0.7, 10);
  const mean = (name: string) => report.averages.find((each) => each.name === name)!;
  expect(mean('Classification')).toMatchObject({ sets: 2, score: 56 });
  expect(mean('Classification').published['v1-2b']).toBeCloseTo((74.3 + 36.9) / 2, 10); // the same two sets
  expect(mean('VQA')).toMatchObject({ sets: 0, score: null, difference: null });
  expect(mean('All').score).toBeCloseTo((75 + 37 + 100 / 3) / 3, 10);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  // 1.96 standard errors of a share of 1,000; of the mean of two sets half the root of the sum of both's squares
  const error = (share: number) => 100 * Math.sqrt((share * (1 - share)) / 1000);
  expect(Math.abs(report.sets[0]!.interval.low - (75 - 1.96 * error(0.75)))).toBeLessThan(0.3);
  const { low, high } = mean('Classification').interval!;
  expect(Math.abs(high - low - 1.96 * Math.hypot(error(0.75), error(0.37)))).toBeLessThan(0.3);
  expect(mean('VQA').interval).toBeNull();

  const markdown = reportMarkdown(report);
  expect(markdown).toContain(
    '| Set | Task | Split | Queries | Ours | 95 % | VLM2Vec-Qwen2VL-2B | VLM2Vec-Qwen2VL-7B | VLM2Vec-V2.0 | VLM2Vec-LLaVa-Next | Δ to VLM2Vec-Qwen2VL-2B |',
  );
  expect(markdown).toMatch(
    /\| VOC2007 \| Classification \| IND \| 1000 \| 75\.0 \| \[7[12]\.\d, 7[78]\.\d\] \| 74\.3 \| 80\.6 \| 84\.9 \| 91\.5 \| \+0\.7 \|/,
  );
  expect(markdown).toContain(
    '| MSCOCO | Grounding | IND | 3 | 33.3 | [0.0, 100.0] | 65.7 | 75.4 | 66.2 | 80.6 | −32.4 |',
  );
  expect(markdown).toContain('Sets: 3 of 36');
  expect(markdown).not.toMatch(/\| VQA \| 0/);
  const columns = markdown
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').length);
  expect(new Set(columns)).toEqual(new Set([10, 11, 13]));
});

test('a model without a published row has no difference, unless one is requested', () => {
  const own = { ...subject, model: { ...subject.model, source: { ...subject.model.source, adapter: null } } };
  const results = [result('VOC2007', 1, 2)];
  expect(makeReport(own, results).sets[0]!.difference).toBeNull();
  expect(reportMarkdown(makeReport(own, results))).not.toContain('Δ');
  expect(makeReport(own, results, { against: 'v2.0' }).sets[0]!.difference).toBeCloseTo(50 - 84.9, 10);
});

test('for Phi-3.5-V only complete averages are published, which are shown only beside complete kinds', () => {
  const phi = { id: 'TIGER-Lab/VLM2Vec-LoRA', revision: null, kind: 'dora' } as never;
  const own = { ...subject, model: { ...subject.model, source: { ...subject.model.source, adapter: phi } } };
  const grounding = MMEB_SETS.filter(({ metaTask }) => metaTask === 'Grounding').map(({ name }) => result(name, 4, 5));
  const report = makeReport(own, [...grounding, result('VOC2007', 1, 2)]);
  expect(report.against).toBe('phi-lora');
  expect(report.sets[0]).toMatchObject({ published: { 'phi-lora': null }, difference: null });
  const mean = (name: string) => report.averages.find((each) => each.name === name)!;
  expect(mean('Grounding').difference).toBeCloseTo(0.5, 10); // 79.5 of the paper
  expect(mean('Classification').difference).toBeNull();
  expect(mean('All').published['phi-full']).toBeNull();
  expect(reportMarkdown(report)).toContain(
    '| MSCOCO | Grounding | IND | 5 | 80.0 | [40.0, 100.0] | 65.7 | 75.4 | 66.2 | 80.6 | – |',
  );
});
