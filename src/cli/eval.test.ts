/**
 * @file `vlm2vec eval` and `verify` as users run them, on the miniature MMEB: candidate for candidate what HF transformers
 * chooses, in one go, in shards, and after a killed process.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderTree } from '../checkpoint/folder.node';
import {
  evaluate,
  makeRegime,
  memoryVectors,
  openMmeb,
  type Comparison,
  type EvalReport,
  type QueryDetail,
} from '../eval';
import { openParquet } from '../eval/parquet';
import { loadRuntime } from '../runtime';
import { folderBundle } from '../store/folder.node';
import { COMMAND } from '../testing/built-package';
import { convertFixture } from '../testing/bundles';
import { bytesSource } from '../testing/checkpoint-files';
import { exampleCase } from '../testing/fixtures';
import { runMain as run } from './run-main';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MINI = path.join(ROOT, 'public/eval/mmeb-mini');
/** A few sets of every kind of input, for tests that need not run on all of them. */
const SETS = 'Country211,VisDial,WebQA,RefCOCO-Matching';

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'cli-eval-'));
  for (const name of ['tiny-tied', 'tiny-untied'] as const) {
    await convertFixture(name, path.join(work, name), { dtype: 'fp32' });
  }
}, 120_000);
afterAll(() => rm(work, { recursive: true }));

const at = (name: string) => path.join(work, name);
const evaluation = (...args: string[]) => ['eval', MINI, '--model', at('tiny-tied'), '--regime', 'native', ...args];

async function reportOf(args: string[]): Promise<EvalReport> {
  const { code, stdout, stderr } = await run([...args, '--json']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as EvalReport;
}

/** The results that two runs of one evaluation share, wherever they ran. */
const outcome = ({ sets, averages, model, regime, data }: EvalReport) => ({ sets, averages, model, regime, data });

interface Expected {
  regime: 'native';
  sets: Record<string, { correct: number; queries: number; close: number[]; predictions: number[] }>;
}

/** Every choice of the bundle in `folder`, on every set, against those of transformers. */
async function expectSameChoices(folder: string, expected: Expected): Promise<void> {
  const runtime = await loadRuntime({ reader: folderBundle(folder), device: 'cpu' });
  const { info } = runtime;
  const results = await evaluate({
    data: await openMmeb(await folderTree(MINI)),
    regime: makeRegime(expected.regime, info.image),
    store: memoryVectors(),
    model: { dims: info.dims, imageToken: info.imageToken, embed: (inputs, options) => runtime.embed(inputs, options) },
  });
  await runtime.dispose();
  expect(results.map(({ set }) => set.name).sort()).toEqual(Object.keys(expected.sets).sort());
  expect(results.length).toBeGreaterThanOrEqual(12);
  for (const { set, correct, queries, predictions } of results) {
    const wanted = expected.sets[set.name]!;
    // If a choice leads by less than 1e-5, rounding may reverse it.
    const clear = (list: Iterable<number>) => [...list].filter((_, row) => !wanted.close.includes(row));
    expect(clear(predictions), set.name).toEqual(clear(wanted.predictions));
    if (wanted.close.length === 0)
      expect({ correct, queries }, set.name).toEqual({ correct: wanted.correct, queries: wanted.queries });
  }
}

const expectedOf = (file: string) => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')) as Expected;

test.each(['tiny-tied', 'tiny-untied'] as const)(
  '%s at fp32 chooses for every query what transformers chooses',
  async (name) => {
    const expected = expectedOf(`reference/mmeb/expected/${name}.json`);
    for (const { close } of Object.values(expected.sets)) expect(close).toEqual([]);
    await expectSameChoices(at(name), expected);
  },
);

test('so does nano at fp32, from its base and adapter', async () => {
  const published = (part: string) => path.join(ROOT, 'reference/nano/published', part);
  const convert = [
    'convert',
    published('adapter'),
    '--base',
    published('base'),
    '--out',
    at('nano32'),
    '--dtype',
    'fp32',
    '--recipe',
    'vlm2vec',
  ];
  expect(await run(convert)).toMatchObject({ code: 0, stderr: '' });
  await expectSameChoices(at('nano32'), expectedOf('public/eval/nano.json'));
}, 240_000);

describe('eval', () => {
  let whole: EvalReport;
  beforeAll(async () => {
    whole = await reportOf(evaluation('--sets', SETS));
  });

  test('reports the sets asked for, in the paper’s order', () => {
    expect(whole.sets.map(({ name }) => name)).toEqual(['Country211', 'VisDial', 'WebQA', 'RefCOCO-Matching']);
    expect(whole).toMatchObject({
      against: null,
      data: { label: 'mmeb-mini', limit: null },
      regime: { name: 'native' },
    });
  });

  test('three shards, merged, give the same, and their vectors as Parquet too', async () => {
    const parts = ['1', '2', '3'].map((part) => at(`part-${part}`));
    for (const [i, part] of parts.entries()) {
      const { code, stdout } = await run(evaluation('--sets', SETS, '--shard', `${i + 1}/3`, '--out', part));
      expect({ code, stdout }).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(`^Part ${i + 1} of 3 is complete`),
      });
    }
    const vectors = at('vectors.parquet');
    const merge = ['eval', 'merge', '--data', MINI, '--out', at('merged'), '--vectors', vectors];
    expect(outcome(await reportOf([...merge, ...parts.toReversed()]))).toEqual(outcome(whole));
    expect(JSON.parse(await readFile(path.join(at('merged'), 'report.json'), 'utf8'))).toEqual(whole);
    expect(await readFile(path.join(at('merged'), 'report.md'), 'utf8')).toContain('| WebQA | Retrieval | IND | 20 |');

    const table = await openParquet(bytesSource(new Uint8Array(await readFile(vectors))));
    const rows = await table.read(['set', 'text', 'image', 'embedding']);
    expect(new Set(rows.map((row) => row.set)).size).toBe(4);
    expect(new Set(rows.map((row) => `${String(row.set)} ${String(row.text)} ${String(row.image)}`)).size).toBe(
      rows.length,
    );
    for (const row of rows) {
      const square = (row.embedding as number[]).reduce((sum, x) => sum + x * x, 0);
      expect(square).toBeCloseTo(1, 5);
    }

    const failed = async (folders: string[], message: RegExp) => {
      const { code, stdout, stderr } = await run(['eval', 'merge', '--data', MINI, ...folders]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(message);
    };
    await failed(parts.slice(1), /Of 3 parts, these are missing: 1\./);
    const other = at('part-other');
    await run(evaluation('--sets', 'WebQA', '--shard', '1/3', '--out', other));
    await failed([other, ...parts.slice(1)], /parts of different evaluations/);
    await cp(parts[0]!, at('part-bad'), { recursive: true });
    await writeFile(path.join(at('part-bad'), 'part.json'), '{"format": "vlm2vec-mmeb-part", "version": 2}');
    await failed([at('part-bad'), ...parts.slice(1)], /part\.json: version: a whole number from 1 to 1/);
    await rm(path.join(at('part-bad'), 'part.json'));
    await failed([at('part-bad'), ...parts.slice(1)], /not a finished part/);
  });

  test('killed without warning and run again: the same, and nothing is embedded twice', async () => {
    const out = at('killed');
    const args = evaluation('--sets', SETS, '--out', out, '--json');
    const child = spawn(process.execPath, [...COMMAND, ...args], {
      cwd: ROOT,
    });
    const ended = once(child, 'exit');
    const sizeOf = async () => {
      const file = (await readdir(out).catch(() => [])).find((name) => name.endsWith('.bin'));
      return file === undefined ? 0 : statSync(path.join(out, file)).size;
    };
    while ((await sizeOf()) < 20_000 && child.exitCode === null) await pause(5);
    child.kill('SIGKILL');
    await ended;
    const kept = await sizeOf();
    expect(existsSync(path.join(out, 'report.json'))).toBe(false); // it was killed before the end
    expect(kept).toBeGreaterThan(10_000);
    expect(await reportOf(evaluation('--sets', SETS, '--out', out))).toEqual(whole);
    const finished = await sizeOf();
    expect(finished).toBeGreaterThan(kept);
    expect(await reportOf(evaluation('--sets', SETS, '--out', out))).toEqual(whole);
    expect(await sizeOf()).toBe(finished);
    expect((await readdir(out)).sort()).toEqual([
      expect.stringMatching(/^report\.json$/),
      'report.md',
      expect.stringMatching(/^vectors-[0-9a-f]{12}\.bin$/),
    ]);
  });

  test('the paper’s regime, a limit, a row to compare with', async () => {
    const report = await reportOf([
      'eval',
      MINI,
      '--model',
      'nano',
      '--sets',
      'Grounding',
      '--limit',
      '1',
      '--against',
      'v1-7b',
    ]);
    expect(report).toMatchObject({ against: 'v1-7b', regime: { name: 'v1' }, data: { limit: 1 } });
    expect(report.sets.map(({ queries }) => queries)).toEqual([1, 1]);
    expect(report.sets[0]!.difference).toBe(report.sets[0]!.score - 75.4);
  });

  test.each([
    [['eval'], /missing required argument 'data'/],
    [['eval', MINI], /required option '--model <bundle>' not specified/],
    [['eval', 'nowhere', '--model', 'MODEL'], /neither a folder nor a Hub repository/],
    [['eval', 'src', '--model', 'MODEL'], /src contains no MMEB table/],
    [['eval', MINI, '--model', 'nowhere'], /There is no bundle at nowhere/],
    [['eval', MINI, '--model', 'MODEL', '--sets', 'CIFAR'], /CIFAR is not a set of MMEB/],
    [['eval', MINI, '--model', 'MODEL', '--sets', 'DocVQA'], /mmeb-mini does not contain DocVQA/],
    [['eval', MINI, '--model', 'MODEL', '--regime', 'v3'], /'v3' is invalid. Allowed choices are v1, v2, native/],
    [['eval', MINI, '--model', 'MODEL', '--shard', '0/2'], /It must be i\/n/],
    [['eval', MINI, '--model', 'MODEL', '--shard', '1/2'], /A shard needs --out/],
    [['eval', MINI, '--model', 'MODEL', '--images', 'nowhere'], /no pictures at nowhere/],
    [['eval', MINI, '--model', 'MODEL', '--vectors', 'v.csv'], /neither \*\.jsonl, \*\.npy, \*\.parquet nor lance:/],
    [['eval', MINI, '--model', 'MODEL', '--max-pixels', '3'], /3 pixels are too few/],
    [['eval', 'merge', 'a'], /required option '--data <folder\|repo>' not specified/],
    [['eval', 'merge', 'nowhere', '--data', MINI], /nowhere is not a finished part/],
    [['verify', 'MODEL'], /required option '--image <path\|url>' not specified/],
    [['verify', 'MODEL', '--image', 'nowhere.jpg'], /no picture at nowhere\.jpg \(ENOENT\)/],
    [['verify', 'MODEL', '--image', 'package.json'], /Nothing has been published for/],
    [['verify', 'MODEL', '--as', 'v1-2b', '--image', 'package.json'], /not the picture of the model card/],
  ])('%j is refused', async (args, message) => {
    const { code, stdout, stderr } = await run(args.map((arg) => (arg === 'MODEL' ? at('tiny-tied') : arg)));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^vlm2vec: [^\n]+\n$/);
  });
});

const example = exampleCase();

test.skipIf(example === null)('verify: a model that gives other scores fails, with code 1, and says so', async () => {
  const args = ['verify', at('tiny-tied'), '--image', example!.path, '--as', 'v1-2b'];
  const { code, stdout, stderr } = await run(args);
  expect(code).toBe(1);
  expect(stdout).toMatch(/A cat and a dog +-?\d\.\d{4} +0\.2500 +[+−]\d\.\d{4}/);
  expect(stdout).toMatch(/tolerance ±0\.01; order (right|wrong)\nfailed\n$/);
  expect(stderr).toBe('vlm2vec: the scores are not those published by VLM2Vec-Qwen2VL-2B.\n');
  const json = JSON.parse((await run([...args, '--json'])).stdout) as { passed: boolean; answers: unknown[] };
  expect(json).toMatchObject({ passed: false, model: 'v1-2b', tolerance: 0.01 });
  expect(json.answers).toHaveLength(2);
});

test('--details has every choice, and compare compares two runs', async () => {
  const file = (name: string) => at(`${name}.jsonl`);
  const detailed = (name: string) =>
    reportOf(['eval', MINI, '--model', at(name), '--regime', 'native', '--sets', SETS, '--details', file(name)]);
  const one = await detailed('tiny-tied'); // one after another: what the command prints is caught process-wide
  const two = await detailed('tiny-untied');
  const details = readFileSync(file('tiny-tied'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as QueryDetail);
  for (const { name, queries, score } of one.sets) {
    const of = details.filter(({ set }) => set === name);
    expect(of.length, name).toBe(queries);
    expect((100 * of.filter(({ chosen }) => chosen.index === 0).length) / of.length, name).toBeCloseTo(score, 9);
    for (const { rank, chosen, right, candidates } of of) {
      expect(chosen.score).toBeGreaterThanOrEqual(right.score);
      expect(rank === 1).toBe(chosen.score === right.score);
      expect(rank).toBeLessThanOrEqual(candidates);
    }
  }
  const compared = await run(['eval', 'compare', file('tiny-tied'), file('tiny-untied'), '--json']);
  expect(compared.stderr).toBe('');
  const all = (JSON.parse(compared.stdout) as Comparison[]).at(-1)!;
  expect(all.a.value).toBeCloseTo(one.averages.find(({ name }) => name === 'All')!.score!, 9);
  expect(all.b.value).toBeCloseTo(two.averages.find(({ name }) => name === 'All')!.score!, 9);
  expect(all.difference.value).toBeCloseTo(all.b.value - all.a.value, 9);
  expect(all.difference.interval.low).toBeLessThanOrEqual(all.difference.value);
  expect(all.difference.interval.high).toBeGreaterThanOrEqual(all.difference.value);
  const same = await run(['eval', 'compare', file('tiny-tied'), file('tiny-tied'), '--json']);
  expect((JSON.parse(same.stdout) as Comparison[]).at(-1)!.difference).toEqual({
    value: 0,
    interval: { low: 0, high: 0 },
  });
  // A different question in one place means the runs are not a pair.
  const lines = readFileSync(file('tiny-untied'), 'utf8').trimEnd().split('\n');
  await writeFile(at('other.jsonl'), [lines[0]!.replace('"row":0', '"row":9999'), ...lines.slice(1)].join('\n'));
  const refused = await run(['eval', 'compare', file('tiny-tied'), at('other.jsonl')]);
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('row 0: the second run has a different') as string,
  });
});
