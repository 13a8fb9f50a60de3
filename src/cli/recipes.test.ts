/** @file The command with recipes: the authors' own vectors from the shell, bad lines, and messages about recipes. */

import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { BundleManifest } from '../bundle/manifest';
import { openParquet } from '../eval/parquet';
import { recipeNamed, recipeToJson } from '../recipes';
import { convertFixture } from '../testing/bundles';
import { bytesSource } from '../testing/checkpoint-files';
import { checkpointPath, cosine, fixturePath, maxDifference } from '../testing/fixtures';
import { floats, golden, type GoldenCase } from '../testing/golden';
import { runMain as run } from './run-main';

let work: string;
const at = (name: string) => path.join(work, name);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'cli-recipes-'));
  const { checkpoint, adapter } = golden('colqwen2');
  await convertFixture({ checkpoint, adapter }, at('colqwen2'), { dtype: 'fp32', recipe: recipeNamed('colqwen2') });
  await convertFixture('tiny-tied', at('gme'), { dtype: 'fp32', recipe: recipeNamed('gme') });
}, 120_000);
afterAll(() => rm(work, { recursive: true }));

interface Line {
  id?: unknown;
  embedding?: number[];
  embeddings?: number[][];
  ids?: number[];
  grid?: number[] | null;
  grids?: number[][];
  positions?: number[][];
  error?: string;
}

let files = 0;
async function lines(values: readonly unknown[]): Promise<string> {
  const file = at(`lines-${files++}.jsonl`);
  await writeFile(file, values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('\n'));
  return file;
}

/** What `embed` prints to stdout and stderr, and its exit code. */
async function embed(values: readonly unknown[], ...args: string[]) {
  const { code, stdout, stderr } = await run(['embed', '--jsonl', await lines(values), ...args]);
  const printed = stdout.split('\n').filter(Boolean);
  return { code, stderr, lines: printed.map((line) => JSON.parse(line) as Line) };
}

const asLine = ({ id, text, images, role, instruction, prefix }: GoldenCase) => {
  const paths = images?.map((image) => fixturePath(image as string));
  const image = paths?.length === 1 ? paths[0] : paths;
  return { id, text, image, role, instruction, prefix };
};

/** Test cases with files, all of them small. */
const casesOf = (recipe: string) =>
  golden(recipe).cases.filter(
    ({ refused, images = [], ids }) =>
      !refused && ids.length < (images.length > 1 ? 1200 : 400) && images.every((image) => typeof image === 'string'),
  );

const STORED = ['--orientation', 'stored', '--raw-tokens'];

describe('embed gives the authors’ vectors', () => {
  test.each(['gme', 'ops-mm-v1', 'dse'])('%s, named for another bundle', async (recipe) => {
    expect(golden(recipe).checkpoint).toBe('tiny-tied');
    const cases = casesOf(recipe).filter(({ dims }) => dims === undefined);
    expect(cases.length).toBeGreaterThan(3);
    const found = await embed(cases.map(asLine), '--model', at('gme'), '--recipe', recipe, ...STORED);
    expect(found.stderr).toBe('');
    for (const [i, item] of cases.entries()) {
      const line = found.lines[i]!;
      expect(line.id).toBe(item.id);
      expect(line.ids, item.id).toEqual(item.ids);
      const grids = item.grids.map((grid) => [1, ...grid]);
      expect(line.grids ?? (line.grid ? [line.grid] : []), item.id).toEqual(grids);
      expect(line.grids !== undefined).toBe(grids.length > 1);
      expect(line.positions, item.id).toEqual(item.positions);
      expect(maxDifference(Float32Array.from(line.embedding!), floats(item.embedding!)), item.id).toBeLessThan(5e-6);
    }
  });

  test('several pictures of one input are among them', () => {
    expect(casesOf('ops-mm-v1').some(({ images = [] }) => images.length > 1)).toBe(true);
  });

  test('several vectors per input: all of them, on stdout and in a table', async () => {
    const cases = casesOf('colqwen2');
    const file = await lines(cases.map(asLine));
    const args = ['embed', '--model', at('colqwen2'), '--jsonl', file, '--orientation', 'stored'];
    const { stdout, stderr } = await run([...args, '--raw-tokens']);
    expect(stderr).toBe('');
    const printed = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    for (const [i, item] of cases.entries()) {
      const { embeddings, ids, embedding } = printed[i]!;
      expect(embedding).toBeUndefined();
      expect(embeddings!.length, item.id).toBe(ids!.length);
      const rows = item.rows ?? embeddings!.map((_, row) => row);
      const wanted = floats(item.embeddings!);
      expect(maxDifference(Float32Array.from(rows.flatMap((row) => embeddings![row]!)), wanted)).toBeLessThan(2e-5);
    }
    const table = at('multi.parquet');
    expect(await run([...args, '--out', table])).toEqual({ code: 0, stdout: '', stderr: '' });
    const parquet = await openParquet(bytesSource(new Uint8Array(await readFile(table))));
    const stored = await parquet.read(['id', 'embedding']);
    expect(stored.map(({ id }) => id)).toEqual(cases.map(({ id }) => id));
    for (const [i, { embedding }] of stored.entries()) {
      expect((embedding as number[][]).map((row) => Float32Array.from(row))).toEqual(
        printed[i]!.embeddings!.map((row) => Float32Array.from(row)),
      );
    }
  });

  test('options apply to lines without their own; lines take precedence', async () => {
    const [query, document] = ['text-instruction', 'text-document'].map((id) =>
      golden('gme').cases.find((item) => item.id === id)!,
    );
    const { text, instruction } = query!;
    const asked = ['--model', at('gme'), '--role', 'query', '--instruction', instruction!];
    const found = await embed([{ text }, { text: document!.text, role: 'document', instruction: null }], ...asked);
    for (const [i, item] of [query!, document!].entries()) {
      expect(maxDifference(Float32Array.from(found.lines[i]!.embedding!), floats(item.embedding!))).toBeLessThan(5e-6);
    }
    const without = await embed([{ text }], '--model', at('gme'), '--instruction', instruction!);
    expect(without.stderr).toMatch(/GME-Qwen2-VL takes an instruction only on the side query/);
  });
});

test('--dims cuts if the recipe offers it', async () => {
  const own = at('short.json');
  await writeFile(own, JSON.stringify({ ...recipeToJson(recipeNamed('gme')), name: 'short', dims: { sizes: [64] } }));
  const asked = ['--model', at('gme'), '--recipe', own];
  const whole = (await embed([{ text: 'a cat' }], ...asked)).lines[0]!.embedding!;
  const short = (await embed([{ text: 'a cat' }], ...asked, '--dims', '64')).lines[0]!.embedding!;
  expect(short.length).toBe(64);
  expect(Math.hypot(...short)).toBeCloseTo(1, 6);
  expect(cosine(Float32Array.from(short), Float32Array.from(whole.slice(0, 64)))).toBeGreaterThan(0.999999);
  const { code, stderr } = await embed([{ text: 'a cat' }], ...asked, '--dims', '65');
  expect(code).toBe(2);
  expect(stderr).toMatch(/dims is 65; vectors of GME-Qwen2-VL have 64/);
});

describe('--skip-bad', () => {
  const values = [
    { id: 'a', text: 'fine' },
    '{',
    { id: 'c', image: 'nowhere.png' },
    { id: 'd', image: fixturePath('README.md') },
    { id: 'e', text: 'fine', role: 'judge' },
    { id: 'f', image: fixturePath('images/tiny.png') },
    ...Array.from({ length: 70 }, (_, i) => ({ id: i, text: `text ${i}` })),
    { id: 'z', text: 'word '.repeat(3000) },
  ];

  test('errors take the place of bad lines, exit code 3', async () => {
    const { code, stderr, lines: found } = await embed(values, '--model', at('gme'), '--skip-bad');
    expect(code).toBe(3);
    expect(stderr).toBe('vlm2vec: 5 of 77 inputs could not be embedded.\n');
    expect(found.map(({ id }) => id)).toEqual(
      values.map((value) => (typeof value === 'string' ? undefined : value.id)),
    );
    const errors = found.map(({ error }) => error);
    expect(errors[1]).toMatch(/^line 2 is not JSON/);
    expect(errors[2]).toMatch(/^line 3: there is no image at .*nowhere\.png/);
    expect(errors[3]).toMatch(/^line 4: These bytes are not a PNG/);
    expect(errors[4]).toBe('line 5: "role" is neither "query" nor "document".');
    expect(errors[76]).toMatch(/^line 77: The text is \d+ tokens long; the model takes at most 1800/);
    expect(errors.filter((error) => error !== undefined).length).toBe(5);
    const alone = (await embed([values[0]], '--model', at('gme'), '--skip-bad')).lines[0]!;
    expect(maxDifference(Float32Array.from(found[0]!.embedding!), Float32Array.from(alone.embedding!))).toBeLessThan(
      1e-5,
    );
  });

  test('nothing bad: exit code 0', async () => {
    expect((await embed([{ text: 'a' }], '--model', at('gme'), '--skip-bad')).code).toBe(0);
  });

  test('a byte that is not UTF-8 affects only its line', async () => {
    const file = at('latin.jsonl');
    await writeFile(
      file,
      Buffer.from('\ufeff{"text":"gut"}\n{"text":"Käfer"}\n', 'utf8').map((byte) => (byte === 0xc3 ? 0xe4 : byte)),
    );
    const { stdout, code } = await run(['embed', '--model', at('gme'), '--jsonl', file, '--skip-bad']);
    expect(code).toBe(3);
    expect(stdout.split('\n')[1]).toBe('{"error":"line 2 is not UTF-8."}');
  });

  test('a table leaves bad lines out; they go into a file beside it', async () => {
    const table = at('some.parquet');
    const { code, stdout, stderr } = await run([
      'embed',
      '--model',
      at('gme'),
      '--skip-bad',
      '--out',
      table,
      '--jsonl',
      await lines(values.slice(0, 3)),
    ]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toBe(
      `vlm2vec: 2 of 3 inputs could not be embedded. They are listed in ${at('some.errors.jsonl')}.\n`,
    );
    const errors = (await readFile(at('some.errors.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(errors.map((line) => JSON.parse(line) as Line)).toMatchObject([
      { id: '2', error: expect.stringMatching(/^line 2 is not JSON/) },
      { id: 'c', error: expect.stringMatching(/^line 3: there is no image/) },
    ]);
    const parquet = await openParquet(bytesSource(new Uint8Array(await readFile(table))));
    expect((await parquet.read(['id'])).map(({ id }) => id)).toEqual(['a']);
  });

  test('an option that no line can follow is reported once, not for each line', async () => {
    const {
      code,
      stderr,
      lines: found,
    } = await embed([{ text: 'a' }], '--model', at('gme'), '--skip-bad', '--prefix', 'x');
    expect({ code, found }).toEqual({ code: 2, found: [] });
    expect(stderr).toBe('vlm2vec: GME-Qwen2-VL has no prefix "x"; known: none.\n');
  });
});

describe('messages about a recipe', () => {
  const convert = (place: string, out: string, ...more: string[]) =>
    run(['convert', place, '--out', at(out), '--dtype', 'fp32', ...more]);

  test('convert: the recipe is assumed, or the licence is not known', async () => {
    const guessed = await convert(checkpointPath('tiny-tied'), 'guessed');
    expect(guessed.code).toBe(0);
    expect(guessed.stderr).toMatch(/^vlm2vec: tiny-tied is not a known repository, so it is prompted as VLM2Vec is\./);
    const named = await convert(checkpointPath('tiny-tied'), 'named', '--recipe', 'vlm2vec');
    expect(named).toMatchObject({ code: 0, stderr: '' });
    const rzen = at('RzenEmbed'); // a folder with the name of a repository is taken for it
    await cp(checkpointPath('tiny-tied'), rzen, { recursive: true });
    const { stderr, stdout } = await convert(rzen, 'rzen');
    expect(stderr).toBe(
      "vlm2vec: The licence of RzenEmbed's weights: not known; ask the authors before you use them.\n",
    );
    expect(stdout).toContain('recipe        rzenembed (RzenEmbed)');
    const inspected = await run(['inspect', at('guessed')]);
    expect(inspected.stdout).toMatch(/ {2}assumed {7}tiny-tied is not a known repository/);
  });

  test('the licence is shown before anything is downloaded', async () => {
    const fetch = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(null, { status: 404 }));
    try {
      const { stderr, code } = await convert('raghavlite/B3_Qwen2_2B@x', 'b3');
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /^vlm2vec: The licence of B3's weights: not known.*\nvlm2vec: raghavlite\/B3_Qwen2_2B at x/,
      );
      const ranked = await run(['rank', '--model', 'raghavlite/B3_Qwen2_2B', fixturePath('images/tiny.png'), 'a']);
      expect(ranked.code).toBe(2);
      expect(ranked.stderr).toMatch(/^vlm2vec: The licence of B3's weights: not known/);
    } finally {
      fetch.mockRestore();
    }
  });

  test('a recipe of one’s own, and inspect shows it', async () => {
    const record = {
      ...recipeToJson(recipeNamed('mcdse')),
      name: 'mine',
      licence: { name: 'CC-BY-NC-4.0', commercial: false },
    };
    const file = at('mine.json');
    await writeFile(file, JSON.stringify(record));
    const { code, stderr } = await convert(checkpointPath('tiny-tied'), 'mine', '--recipe', file);
    expect(code).toBe(0);
    expect(stderr).toMatch(/CC-BY-NC-4\.0, no commercial use\.\n$/);
    const shown = JSON.parse((await run(['inspect', at('mine'), '--json'])).stdout) as Record<string, unknown>;
    expect(shown).toMatchObject({ recipe: record, assumed: null, published: [] });
    const { stdout } = await run(['inspect', at('mine')]);
    expect(stdout).toMatch(
      /recipe {8}mine[^]*licence {7}CC-BY-NC-4\.0, no commercial use[^]*positions {5}\S+\n {2}pooling {7}last token\n/,
    );
    await writeFile(file, JSON.stringify({ ...record, positions: '2d' }));
    const wrong = await convert(checkpointPath('tiny-tied'), 'wrong', '--recipe', file);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/mine\.json: recipe\.positions: one of 1d, mrope is expected/);
    await writeFile(file, '{');
    expect((await convert('x', 'wrong', '--recipe', file)).stderr).toMatch(/mine\.json is not JSON/);
    expect((await convert('x', 'wrong', '--recipe', at('none.json'))).stderr).toMatch(
      /none\.json cannot be read \(ENOENT\)/,
    );
    expect((await convert('x', 'wrong', '--recipe', 'gmee')).stderr).toMatch(
      /no recipe "gmee"; known recipes are vlm2vec, /,
    );
  });

  test('inspect shows what the authors published for this very checkpoint', async () => {
    const inspect = async (id: string) => {
      const manifest = JSON.parse(await readFile(path.join(at('gme'), 'bundle.json'), 'utf8')) as BundleManifest;
      const source = { base: { id, revision: null }, adapter: null };
      await mkdir(at('known'), { recursive: true });
      await writeFile(path.join(at('known'), 'bundle.json'), JSON.stringify({ ...manifest, source }));
      return (await run(['inspect', at('known')])).stdout;
    };
    const published = await inspect('Alibaba-NLP/gme-Qwen2-VL-7B-Instruct');
    expect(published).toContain('  published     56 % on MMEB image (36 sets), 7B\n');
    expect(published).not.toContain('2B');
    // only a folder has that name, so the size is not known
    expect(await inspect('gme-Qwen2-VL-7B-Instruct')).not.toContain('  published  ');
  });
});

test('rank with several vectors per input, and with another recipe', async () => {
  const picture = fixturePath('images/tiny.png');
  const ranked = await run(['rank', '--model', at('colqwen2'), picture, 'a cat', 'a dog', '--json']);
  expect(ranked).toMatchObject({ code: 0, stderr: '' });
  const scores = (JSON.parse(ranked.stdout) as { score: number }[]).map(({ score }) => score);
  expect(scores[0]).toBeGreaterThan(1); // a sum of maxima
  const other = await run(['rank', '--model', at('gme'), '--recipe', 'ops-mm-v1', picture, 'a cat', 'a dog', '--json']);
  const own = await run(['rank', '--model', at('gme'), picture, 'a cat', 'a dog', '--json']);
  expect(other).toMatchObject({ code: 0, stderr: '' });
  expect(other.stdout).not.toBe(own.stdout);
});

test.each([
  ['./nofolder', /no bundle at \.\/nofolder: not a folder/],
  [fixturePath('README.md'), /README\.md: it is a file/],
  [checkpointPath('tiny-tied'), /tiny-tied: it is a checkpoint\. Convert it with: vlm2vec convert /],
])('--model %s', async (place, message) => {
  for (const args of [
    ['embed', '--jsonl', '-', '--model', place],
    ['rank', fixturePath('images/tiny.png'), 'a', '--model', place],
    ['inspect', place],
  ]) {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  }
});

test('eval refuses recipes that its regimes do not fit', async () => {
  const data = path.resolve(import.meta.dirname, '../../public/eval/mmeb-mini');
  const evaluate = (model: string) => run(['eval', data, '--model', at(model), '--regime', 'v2']);
  expect((await evaluate('gme')).stderr).toMatch(
    /recipe gme does not fit this evaluation: GME-Qwen2-VL has its own templates/,
  );
  expect((await evaluate('colqwen2')).code).toBe(2);
});
