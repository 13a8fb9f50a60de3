/**
 * @file `vlm2vec eval` on visual documents: the pages that HF transformers finds, NDCG@5 to the last bit, and a page of
 * failures.
 */

import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folderTree } from '../checkpoint/folder.node';
import { openDocuments, QWEN3_PROMPTS, type Comparison, type DocumentDetail, type DocumentReport } from '../eval';
import { recipeNamed } from '../recipes';
import { loadRuntime } from '../runtime';
import { folderBundle } from '../store/folder.node';
import { convertFixture } from '../testing/bundles';
import { runMain as run } from './run-main';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MINI = path.join(ROOT, 'reference/fixtures/visual-documents');
const ALL = 'ViDoRe_shiftproject,ViDoRe_esg_reports_v2,ViDoRe_esg_reports_v2_multilingual,VisRAG_ChartQA';

interface Expected {
  sets: Record<
    string,
    { pages: number; mean: number; close: number[]; queries: { id: string; top: string[]; ndcg: number }[] }
  >;
}
const expected = JSON.parse(
  readFileSync(path.join(ROOT, 'reference/mmeb/expected/documents-tiny-tied.json'), 'utf8'),
) as Expected;

let work: string;
let report: DocumentReport;
const at = (name: string) => path.join(work, name);
const evaluation = (...args: string[]) => ['eval', MINI, '--model', at('model'), '--sets', ALL, ...args];
const detailsIn = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as DocumentDetail);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'cli-documents-'));
  await convertFixture('tiny-tied', at('model'), { dtype: 'fp32', recipe: recipeNamed('vlm2vec-v2') });
  const { code, stdout, stderr } = await run(evaluation('--out', at('whole'), '--details', at('run.jsonl'), '--json'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  report = JSON.parse(stdout) as DocumentReport;
}, 120_000);
afterAll(() => rm(work, { recursive: true }));

test('for every query the five pages that transformers finds, and its NDCG@5', () => {
  const details = detailsIn(at('run.jsonl'));
  for (const [name, { pages, mean, close, queries }] of Object.entries(expected.sets)) {
    const found = details.filter(({ set }) => set === name);
    expect(found.map(({ id }) => id)).toEqual(queries.map(({ id }) => id));
    for (const [row, { top, ndcg }] of queries.entries()) {
      if (close.includes(row)) continue; // rounding may reverse the order
      expect(
        found[row]!.found.map(({ id }) => id),
        `${name}, ${row}`,
      ).toEqual(top);
      expect(found[row]!.ndcg, `${name}, ${row}`).toBe(ndcg);
    }
    const set = report.sets.find((each) => each.name === name)!;
    expect(set).toMatchObject({ queries: queries.length, pages });
    if (close.length === 0) expect(set.score).toBeCloseTo(100 * mean, 11);
  }
  expect(Object.values(expected.sets).flatMap(({ close }) => close).length).toBeLessThan(2);
  expect(report.regime).toEqual({ name: 'v2', minPixels: 3136, maxPixels: 1_003_520, prompts: 'vlm2vec-v2' });
});

test('two shards, merged, give the same; so does a second run, which embeds nothing', async () => {
  const parts = [at('part-1'), at('part-2')];
  for (const [i, part] of parts.entries()) {
    const shard = await run(evaluation('--shard', `${i + 1}/2`, '--out', part));
    expect(shard).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(`^Part ${i + 1} of 2 is complete`) as string,
    });
  }
  const merged = await run(['eval', 'merge', ...parts, '--data', MINI, '--json', '--details', at('merged.jsonl')]);
  expect(merged.stderr).toBe('');
  expect(JSON.parse(merged.stdout)).toEqual(report);
  expect((await run(evaluation('--out', at('whole'), '--json'))).stdout).toBe(`${JSON.stringify(report, null, 2)}\n`);
  expect((await readdir(at('whole'))).sort()).toEqual([
    'report.json',
    'report.md',
    expect.stringMatching(/^vectors-[0-9a-f]{12}\.bin$/),
  ]);
  expect(readFileSync(path.join(at('whole'), 'report.md'), 'utf8')).toContain(
    '| Set | Group | Queries | Pages | Ours | 95 % |',
  );

  const compared = await run(['eval', 'compare', at('run.jsonl'), at('merged.jsonl'), '--json']);
  expect((JSON.parse(compared.stdout) as Comparison[]).at(-1)!.difference.value).toBe(0);
  const text = (await run(['eval', 'compare', at('run.jsonl'), at('merged.jsonl')])).stdout;
  expect(text).toMatch(/NDCG@5 per cent[^]*only a better|NDCG@5 per cent[^]*a better/);
});

test('a page of failures, with the pictures of the pages', async () => {
  const failures = ['eval', 'failures', at('run.jsonl'), '--data', MINI, '--out', at('failures.html')];
  const failed = detailsIn(at('run.jsonl')).filter(({ ndcg }) => ndcg < 1).length;
  const { code, stdout, stderr } = await run([...failures, '--most', '3']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toBe(`${failed} of 29 queries failed; 3 are shown in ${at('failures.html')}.\n`);
  const html = readFileSync(at('failures.html'), 'utf8');
  expect(html.match(/<article>/g)).toHaveLength(3);
  expect(html.match(/<img [^>]*src="data:image\/webp;base64,UklGR/g)!.length).toBeGreaterThan(14);
  expect(html).not.toContain('<script');
});

test('the same for MMEB’s sets', async () => {
  const mini = path.join(ROOT, 'public/eval/mmeb-mini');
  const one = ['eval', mini, '--model', at('model'), '--regime', 'v2', '--sets', 'CIRR', '--limit', '6'];
  expect((await run([...one, '--details', at('mmeb.jsonl')])).code).toBe(0);
  const { code } = await run(['eval', 'failures', at('mmeb.jsonl'), '--data', mini, '--out', at('mmeb.html')]);
  expect(code).toBe(0);
  expect(readFileSync(at('mmeb.html'), 'utf8')).toMatch(
    /CIRR, row \d: the right one is \d+ of \d+[^]*<img alt="CIRR\//,
  );
  // The pictures are looked up in the named data.
  const elsewhere = await run(['eval', 'failures', at('mmeb.jsonl'), '--data', MINI, '--out', at('none.html')]);
  expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining('contains no page CIRR/') as string });
  expect(await readdir(work)).not.toContain('none.html');
});

test('Qwen3-VL-Embedding: its instruction for queries, its own sizes for pages', async () => {
  const recipe = recipeNamed('qwen3-vl-embedding');
  const checkpoint = { checkpoint: 'tiny-qwen3-vl' };
  await convertFixture(checkpoint, at('qwen3'), { dtype: 'fp32', recipe: { ...recipe, dims: { from: 1 } } });
  const args = ['eval', MINI, '--model', at('qwen3'), '--sets', 'VisRAG_ChartQA', '--limit', '1'];
  expect(await run([...args, '--details', at('qwen3.jsonl')])).toMatchObject({ code: 0, stderr: '' });
  const [detail] = detailsIn(at('qwen3.jsonl'));
  const source = (await openDocuments(await folderTree(MINI)))!.asked(QWEN3_PROMPTS);
  await source.rows(source.sets.find(({ name }) => name === 'VisRAG_ChartQA')!);
  const runtime = await loadRuntime({ reader: folderBundle(at('qwen3')) });
  try {
    // These files are passed as a caller would; golden.test.ts checks what the recipe does with them against its
    // authors' vectors.
    const [query, page] = await runtime.embed<Float32Array>([
      { text: 'What share do kites have?', instruction: 'Find a document image that matches the given query.' },
      { image: await source.pictures.read(detail!.found[0]!.image) },
    ]);
    expect(detail!.found[0]!.score).toBeCloseTo(
      query!.reduce((sum, value, d) => sum + value * page![d]!, 0),
      5,
    );
  } finally {
    await runtime.dispose();
  }
});

test.each([
  [['--sets', 'ViDoRe_nothing'], /ViDoRe_nothing is not a set of visual documents/],
  [['--sets', 'ViDoRe_docvqa'], /does not contain ViDoRe_docvqa/],
  [['--images', 'src'], /--images is only for MMEB/],
  [['--against', 'llava'], /Nothing has been published for llava/],
  [['--regime', 'v1'], /not as the regime v1/],
  [['--shard', '1/2'], /A shard needs --out/],
])('%j is refused', async (args, message) => {
  const { code, stdout, stderr } = await run(['eval', MINI, '--model', at('model'), ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});

test('rows of visual documents are not MMEB’s; lines that no run wrote are refused', async () => {
  const mini = path.join(ROOT, 'public/eval/mmeb-mini');
  const other = await run(['eval', mini, '--model', at('model'), '--regime', 'v2', '--against', 'qwen3-2b']);
  expect(other).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Nothing has been published for qwen3-2b') as string,
  });
  const [line] = readFileSync(at('run.jsonl'), 'utf8').split('\n');
  for (const damaged of [line!.replace('"found":[', '"found":[{},'), '{}', 'null', '[]', 'x']) {
    await writeFile(at('damaged.jsonl'), damaged);
    const refused = await run(['eval', 'failures', at('damaged.jsonl'), '--data', MINI, '--out', at('none.html')]);
    expect(refused.code, damaged.slice(0, 20)).toBe(2);
    expect(refused.stderr).toMatch(/damaged\.jsonl, line 1 is/);
  }
});
