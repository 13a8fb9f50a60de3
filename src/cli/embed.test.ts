/**
 * @file `vlm2vec embed` with nano: tables in, tables out, options of single lines, bad inputs, exit codes, progress.
 */

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openParquet } from '../eval/parquet';
import { recipeNamed, recipeToJson } from '../recipes';
import { bytesSource } from '../testing/checkpoint-files';
import { fixturePath, maxDifference } from '../testing/fixtures';
import { runMain as run } from './run-main';

let work: string;
const at = (name: string) => path.join(work, name);
const table = (name: string) => fixturePath(`tables/${name}`);

beforeAll(async () => void (work = await mkdtemp(path.join(tmpdir(), 'cli-embed-'))));
afterAll(() => rm(work, { recursive: true }));

interface Line {
  id?: unknown;
  embedding?: number[];
  error?: string;
}
async function embed(...args: string[]) {
  const { code, stdout, stderr } = await run(['embed', '--model', 'nano', ...args]);
  const lines = stdout.split('\n').filter(Boolean);
  return { code, stderr, lines: lines.map((line) => JSON.parse(line) as Line) };
}
async function file(name: string, content: string | object[]): Promise<string> {
  const text = typeof content === 'string' ? content : content.map((line) => JSON.stringify(line)).join('\n');
  await writeFile(at(name), text);
  return at(name);
}
async function vectorsOf(...args: string[]): Promise<Float32Array[]> {
  const { code, stderr, lines } = await embed(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return lines.map(({ embedding }) => Float32Array.from(embedding!));
}

const PICTURE = fixturePath('images/tiny.png');

test('rows of tables are embedded like lines with the same content', async () => {
  const wanted = await vectorsOf(
    await file('same.jsonl', [
      { text: 'a red kite', role: 'query' },
      { image: PICTURE },
      { text: 'x', image: PICTURE },
    ]),
  );
  const close = (found: Float32Array, i: number) => expect(maxDifference(found, wanted[i]!)).toBeLessThan(1e-5);
  const { code, lines } = await embed(table('inputs.parquet'), '--image-column', 'picture', '--skip-bad');
  expect(code).toBe(3);
  expect(lines.map(({ id, error }) => [id, error?.replace(/^.*: row/, 'row')])).toEqual([
    [7, undefined],
    [8, undefined],
    [undefined, undefined],
    ['9007199254740993', undefined],
    [-1, expect.stringContaining('row 5')],
  ]);
  const csv = await file('same.csv', `role,text,image\nquery,a red kite,\n,,${PICTURE}\n,x,${PICTURE}\n`);
  for (const [i, vector] of (await vectorsOf(csv)).entries()) close(vector, i);
  const words = await file('same.txt', 'a red kite\n');
  close((await vectorsOf('--text', words, '--role', 'query'))[0]!, 0);
  close((await vectorsOf(PICTURE))[0]!, 1);
});

test('options on the command line apply to lines that do not set them', async () => {
  const recipe = await file('gme.json', JSON.stringify({ ...recipeToJson(recipeNamed('gme')), dims: { from: 64 } }));
  const line = { text: 'a red kite' };
  const [query, asked, document] = await vectorsOf(
    ...['--recipe', recipe, '--role', 'query', '--instruction', 'Find it.'],
    await file('asked.jsonl', [line, { ...line, instruction: 'Find a toy.' }, { ...line, role: 'document' }]),
  ).catch((error: Error) => Promise.reject(error));
  expect(maxDifference(query!, asked!)).toBeGreaterThan(1e-3);
  expect(maxDifference(query!, document!)).toBeGreaterThan(1e-3);
  const explicit = await file('explicit.jsonl', [{ ...line, role: 'query', instruction: 'Find it.' }]);
  expect(maxDifference((await vectorsOf('--recipe', recipe, explicit))[0]!, query!)).toBeLessThan(1e-5);
  const [short] = await vectorsOf('--recipe', recipe, explicit, '--dims', '64');
  const norm = Math.hypot(...query!.subarray(0, 64));
  expect(
    maxDifference(
      short!,
      query!.subarray(0, 64).map((value) => value / norm),
    ),
  ).toBeLessThan(1e-5);
  expect((await embed('--recipe', recipe, explicit, '--dims', '63')).stderr).toMatch(/dims is 63/);
});

test('a table with carried fields, in fewer bits, with its errors beside it', async () => {
  const out = at('out.parquet');
  const args = [table('inputs.parquet'), '--keep', 'label,score,good', '--skip-bad', '--precision', 'int8'];
  expect((await embed(...args, '--out', out)).code).toBe(3);
  const rows = await (
    await openParquet(bytesSource(new Uint8Array(await readFile(out))))
  ).read(...([['id', 'text', 'label', 'score', 'good', 'embedding']] as const));
  expect(rows.map(({ id, text, label, score, good }) => [id, text, label, score, good])).toEqual([
    ['7', 'a red kite', 1n, 0.5, true],
    ['3', 'ein grüner Würfel — 立方体', 3n, NaN, null],
    ['9007199254740993', 'said twice', null, 1e300, true],
  ]);
  const most = Math.max(...(rows[0]!.embedding as number[]).map(Math.abs));
  expect(most).toBe(127);
  const errors = (await readFile(at('out.errors.jsonl'), 'utf8')).trim().split('\n');
  expect(errors.map((line) => (JSON.parse(line) as Line).id)).toEqual([8, -1]);
  expect((await readdir(work)).filter((name) => name.startsWith('out.') && name.includes('partial'))).toEqual([]);
});

test('a text that is far too long is one bad line, or is cut on request', async () => {
  const lines = [
    { id: 1, text: 'word '.repeat(40_000) },
    { id: 2, text: 'fine' },
  ];
  const long = await file('long.jsonl', lines);
  const { code, lines: found } = await embed(long, '--skip-bad');
  expect(code).toBe(3);
  expect(found.map(({ id, error }) => [id, error?.slice(0, 8)])).toEqual([
    [1, 'line 1: '],
    [2, undefined],
  ]);
  expect(found[0]!.error).toMatch(/at most 512.*--max-tokens/);
  const [cut, fine] = await vectorsOf(long, '--max-tokens', '16');
  const [wanted] = await vectorsOf(await file('cut.jsonl', [{ text: 'word '.repeat(100) }]), '--max-tokens', '16');
  expect(maxDifference(cut!, wanted!)).toBeLessThan(1e-5);
  expect(maxDifference(cut!, fine!)).toBeGreaterThan(1e-3);
});

test('on a terminal it shows its progress, never in colour; --quiet shows nothing', async () => {
  const words = await file('words.txt', 'a red kite\n');
  const { isTTY } = process.stderr;
  process.stderr.isTTY = true;
  try {
    const { stderr } = await embed('--text', words);
    expect(stderr).toMatch(/1 inputs? in \d+ s/);
    expect(stderr.replaceAll('\r\u001b[K', '')).not.toContain('\u001b');
    expect(await embed('--text', words, '--quiet')).toMatchObject({ code: 0, stderr: '' });
    // The error is reported even so.
    const bad = await embed('--text', await file('bad.txt', 'a\n\nb\n'), '--quiet', '--skip-bad');
    expect(bad).toMatchObject({ code: 3, stderr: 'vlm2vec: 1 of 3 inputs could not be embedded.\n' });
  } finally {
    process.stderr.isTTY = isTTY;
  }
});

test.each([
  [['embed', '--mdel', 'nano', 'a.png'], /unknown option '--mdel' \(Did you mean --model\?\)/],
  [['search', 'x', 'y', '--tpo', '3'], /unknown option '--tpo' \(Did you mean one of --to, --top\?\)/],
  [['embd'], /unknown command 'embd' \(Did you mean embed\?\)/],
  [['embed', '--model', 'nano', 'a.png', '--zzzzzz'], /unknown option '--zzzzzz'\. See vlm2vec embed --help/],
  [['eval', 'merge', 'a'], /required option '--data <folder\|repo>' not specified\. See vlm2vec eval merge --help/],
  [['eval', 'a'], /required option '--model <bundle>' not specified/],
  [['polish'], /unknown command 'polish'\. See vlm2vec --help/],
])('%j: says what is wrong, and where to look', async (args, message) => {
  const { code, stdout, stderr } = await run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^vlm2vec: [^\n]+\n$/);
});
