/**
 * @file The command on the fixtures, its output against the oracle's. What depends on the process (streams, pipes, exit
 * codes) runs as a child process, the rest in this one, which is faster.
 */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  adapterPath,
  checkpointPath,
  cosine,
  expectedInputs,
  expectedModel,
  fixtureInputs,
  fixtureBytes,
  fixturePath,
  maxDifference,
  modelParts,
  MODEL_NAMES,
  type FixtureInput,
} from '../testing/fixtures';
import { crc32 } from '../bundle/crc32';
import { openParquet } from '../eval/parquet';
import type { Measured, MeasureReport } from '../measure';
import { COMMAND } from '../testing/built-package';
import { bytesSource } from '../testing/checkpoint-files';
import { runMain as run, type CommandResult } from './run-main';

const ROOT = path.resolve(import.meta.dirname, '../..');

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'cli-'));
  const { code, stderr } = await runChild([
    'convert',
    checkpointPath('tiny-tied'),
    '--out',
    bundle(),
    '--dtype',
    'fp32',
    '--recipe',
    'vlm2vec',
  ]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
});
afterAll(() => rm(work, { recursive: true }));

const bundle = () => path.join(work, 'tiny-tied');
const tiny = fixturePath('images/tiny.png');

/** Runs the command as users do. */
function runChild(args: string[], stdin = ''): Promise<CommandResult> {
  const child = spawn(process.execPath, [...COMMAND, ...args], { cwd: ROOT });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined).end(stdin);
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

async function jsonl(lines: readonly unknown[]): Promise<string> {
  const file = path.join(work, `lines-${Math.random().toString(36).slice(2)}.jsonl`);
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  await writeFile(file, `${text}\n`);
  return file;
}

interface EmbeddedLine {
  embedding: number[];
  ids?: number[];
  grid?: number[] | null;
  id?: unknown;
}

async function embed(args: string[], stdin?: string): Promise<EmbeddedLine[]> {
  const given = ['embed', ...args];
  const { code, stdout, stderr } = await (stdin === undefined ? run(given) : runChild(given, stdin));
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as EmbeddedLine);
}

/** Inputs, grouped by their pixel limits: one call of `embed` has the same limits for all its lines. */
function byLimits(inputs: FixtureInput[]): { flags: string[]; inputs: FixtureInput[] }[] {
  const groups = new Map<string, { flags: string[]; inputs: FixtureInput[] }>();
  for (const input of inputs) {
    const flags = [
      ...(input.minPixels === null ? [] : ['--min-pixels', String(input.minPixels)]),
      ...(input.maxPixels === null ? [] : ['--max-pixels', String(input.maxPixels)]),
    ];
    const key = flags.join(' ');
    groups.set(key, { flags, inputs: [...(groups.get(key)?.inputs ?? []), input] });
  }
  return [...groups.values()];
}

describe.skipIf(process.platform === 'win32')('a pipe that nobody writes to', () => {
  let pipe: string;
  beforeAll(() => {
    pipe = path.join(work, 'pipe.jsonl');
    execFileSync('mkfifo', [pipe]);
  });

  test.each([
    ['rank', 'SIGINT', () => ['rank', '--model', bundle(), pipe, 'a cat', 'a dog']],
    ['embed', 'SIGTERM', () => ['embed', '--model', bundle(), '--jsonl', pipe]],
    ['embed --recipe', 'SIGINT', () => ['embed', '--model', bundle(), '--recipe', pipe, tiny]],
    ['embed, stdin', 'SIGTERM', () => ['embed', '--model', bundle(), '-']],
  ] as const)('does not keep %s from ending by %s', async (_, signal, args) => {
    const child = spawn(process.execPath, [...COMMAND, ...args()], { cwd: ROOT });
    const ended = new Promise((resolve) => child.on('close', (...how) => resolve(how)));
    await new Promise((resolve) => setTimeout(resolve, 2500)); // until it waits for the pipe
    const began = performance.now();
    child.kill(signal);
    expect(await ended).toEqual([130, null]);
    expect(performance.now() - began).toBeLessThan(1000);
  });

  test('a device without end is refused', async () => {
    const { code, stderr } = await run(['embed', '--model', bundle(), '--jsonl', '/dev/zero']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'vlm2vec: /dev/zero is a device without end.\n' });
    const ranked = await run(['rank', '--model', bundle(), '/dev/zero', 'a cat']);
    expect(ranked).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read (EINVAL)') });
  });
});

describe('convert, then embed, equals the oracle', () => {
  test.each(MODEL_NAMES)('%s', async (name) => {
    const { checkpoint, adapter } = modelParts(name);
    const out = path.join(work, name.replace('+', '-'));
    if (!existsSync(out)) {
      const base = checkpointPath(checkpoint);
      // Both ways to give an adapter: as the checkpoint with its base, and beside the base.
      const place = adapter === null ? [base] : [adapterPath(adapter), '--base', base];
      const given = adapter === 'lora' ? [base, '--adapter', adapterPath(adapter)] : place;
      const { code, stdout, stderr } = await run(['convert', ...given, '--out', out, '--dtype', 'fp32']);
      expect(stderr).toMatch(/^vlm2vec: \S+ is not a known repository, so it is prompted as VLM2Vec is\.[^\n]*\n$/);
      expect(code).toBe(0);
      expect(stdout).toContain('architecture  qwen2_vl');
    }
    const expected = expectedModel(name);
    const tokens = expectedInputs();
    // The limits take effect before the model, so one model is enough for all of them.
    const groups = byLimits(fixtureInputs()).filter(({ flags }) => name === 'tiny-tied' || flags.length === 0);
    for (const { flags, inputs } of groups) {
      const file = await jsonl(inputs.map(({ text, image }) => ({ text, image: image && fixturePath(image) })));
      const lines = await embed(['--model', out, '--jsonl', file, '--raw-tokens', ...flags]);
      expect(lines.length).toBe(inputs.length);
      for (const [i, { id }] of inputs.entries()) {
        const { embedding, ids, grid } = lines[i]!;
        const wanted = tokens.get(id)!;
        expect(ids, id).toEqual(wanted.ids);
        expect(grid, id).toEqual(wanted.grid && [1, ...wanted.grid]);
        const vector = Float32Array.from(embedding);
        expect(cosine(vector, expected.embeddings.get(id)!), id).toBeGreaterThan(0.99999);
        expect(maxDifference(vector, expected.embeddings.get(id)!), id).toBeLessThan(1e-4);
      }
    }
  });
});

/** A PNG with an eXIf chunk behind its header. */
function withOrientation(png: Uint8Array, orientation: number): Uint8Array {
  const entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
  const chunk = Uint8Array.of(...Buffer.from('eXIfMM\0*'), 0, 0, 0, 8, 0, 1, ...entry, 0, 0, 0, 0);
  const header = 8 + 25;
  const words = new DataView(new ArrayBuffer(8));
  words.setUint32(0, chunk.length - 4);
  words.setUint32(4, crc32(chunk));
  const [length, check] = [new Uint8Array(words.buffer, 0, 4), new Uint8Array(words.buffer, 4)];
  return Buffer.concat([png.subarray(0, header), length, chunk, check, png.subarray(header)]);
}

describe('embed', () => {
  test('turns photos upright, or leaves them as they are stored', async () => {
    const file = path.join(work, 'turned.jsonl');
    await writeFile(path.join(work, 'turned.png'), withOrientation(fixtureBytes('images/cat.png'), 6)); // 182 × 140
    await writeFile(file, JSON.stringify({ image: 'turned.png' }));
    const args = ['--model', bundle(), '--jsonl', file, '--raw-tokens'];
    const [upright] = await embed(args);
    const [exif] = await embed([...args, '--orientation', 'exif']);
    const [stored] = await embed([...args, '--orientation', 'stored']);
    expect(upright).toEqual(exif);
    expect(exif!.grid).toEqual([1, 12, 10]);
    expect(stored!.grid).toEqual([1, 10, 12]);
    expect(cosine(Float32Array.from(stored!.embedding), Float32Array.from(exif!.embedding))).toBeLessThan(0.999);
  });

  test('reads stdin, keeps the order over many batches, passes ids through', async () => {
    const texts = Array.from({ length: 150 }, (_, i) => 'cat '.repeat(1 + ((i * 7) % 13)) + i);
    const stdin = texts.map((text, i) => JSON.stringify({ id: i, text })).join('\r\n');
    const all = await embed(['--model', bundle(), '--jsonl', '-'], stdin);
    expect(all.map(({ id }) => id)).toEqual(texts.map((_, i) => i));
    const alone = await embed(['--model', bundle(), '--jsonl', '-'], JSON.stringify({ text: texts[149] }));
    expect(maxDifference(Float32Array.from(alone[0]!.embedding), Float32Array.from(all[149]!.embedding))).toBeLessThan(
      1e-5,
    );
    expect(alone[0]).not.toHaveProperty('id');
  });

  test('image paths are relative to the JSONL', async () => {
    const folder = path.join(work, 'pictures');
    await cp(fixturePath('images'), folder, { recursive: true });
    await writeFile(
      path.join(folder, 'lines.jsonl'),
      '{"image":"tiny.png"}\n{"image":"decode/still.gif","text":null}\n',
    );
    // 12 × 8 pixels are fewer than the model accepts.
    await expectRefusal(
      ['embed', '--model', bundle(), '--jsonl', path.join(folder, 'lines.jsonl')],
      /line 2: The image is 12×8 pixels; the model needs at least 28/,
    );
    await writeFile(path.join(folder, 'lines.jsonl'), '{"image":"tiny.png"}\n');
    const [line] = await embed(['--model', bundle(), '--jsonl', path.join(folder, 'lines.jsonl')]);
    const expected = expectedModel('tiny-tied').embeddings.get('image-tiny')!;
    expect(cosine(Float32Array.from(line!.embedding), expected)).toBeGreaterThan(0.99999);
  });

  test('shards, one after the other, are the complete output', async () => {
    const file = await jsonl(Array.from({ length: 7 }, (_, i) => ({ id: i, text: `text ${i}` })));
    const args = ['--model', bundle(), '--jsonl', file];
    const whole = await embed(args);
    const parts: EmbeddedLine[] = [];
    for (const shard of ['1/3', '2/3', '3/3']) parts.push(...(await embed([...args, '--shard', shard])));
    expect(parts.map(({ id }) => id)).toEqual(whole.map(({ id }) => id));
    for (const [i, { embedding }] of parts.entries()) {
      expect(maxDifference(Float32Array.from(embedding), Float32Array.from(whole[i]!.embedding))).toBeLessThan(1e-5);
    }
  });

  test('--out writes a table, prints nothing, and leaves nothing behind after a failure', async () => {
    const lines = [{ id: 'a', text: 'one' }, { text: 'two' }, { id: { n: 1 }, image: tiny }];
    const file = await jsonl(lines);
    const table = path.join(work, 'table.parquet');
    expect(await run(['embed', '--model', bundle(), '--jsonl', file, '--out', table])).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const parquet = await openParquet(bytesSource(new Uint8Array(await readFile(table))));
    const rows = await parquet.read(['id', 'text', 'image', 'embedding']);
    expect(rows.map(({ id, text, image }) => [id, text, image])).toEqual(
      [
        ['a', 'one', undefined],
        ['2', 'two', undefined],
        ['{"n":1}', undefined, tiny],
      ].map((row) => row.map((value) => value ?? null)),
    );
    const printed = await embed(['--model', bundle(), '--jsonl', file]);
    for (const [i, row] of rows.entries()) {
      const stored = Float32Array.from(row.embedding as number[]);
      expect(stored).toEqual(Float32Array.from(printed[i]!.embedding));
    }
    const bad = await jsonl([{ text: 'fine' }, { image: fixturePath('README.md') }]);
    await expectRefusal(
      ['embed', '--model', bundle(), '--jsonl', bad, '--out', path.join(work, 'bad.parquet')],
      /line 2/,
    );
    const out = (place: string, ...more: string[]) => [
      'embed',
      '--model',
      bundle(),
      '--jsonl',
      file,
      '--out',
      place,
      ...more,
    ];
    await expectRefusal(out('x.csv'), /neither \*\.jsonl, \*\.npy, \*\.parquet nor lance:/);
    await expectRefusal(out('lance:x'), /does not name a table; write lance:<database>\/<table>/);
    await expectRefusal(out(path.join(work, 'none', 'x.parquet')), /There is no folder/);
    await expectRefusal(out(table, '--raw-tokens'), /--raw-tokens only works with JSON lines/);
    expect((await readdir(work)).filter((name) => /bad|partial/.test(name))).toEqual([]);
  });

  test('a refusal as a process', async () => {
    const { code, stdout, stderr } = await runChild(['embed', '--model', bundle(), '--jsonl', '-'], '{"text":"a"}\n{');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^vlm2vec: line 2 is not JSON[^\n]*\n$/);
  });

  test('no lines give no output', async () => {
    expect(await runChild(['embed', '--model', bundle(), '--jsonl', '-'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test.runIf(existsSync('/dev/full'))('a full disk behind stdout is one line, of whatever was printed', async () => {
    const full = await open('/dev/full', 'w');
    const child = spawn(process.execPath, [...COMMAND, '--version'], { cwd: ROOT, stdio: ['ignore', full.fd, 'pipe'] });
    let stderr = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const code = await new Promise((resolve) => child.on('close', resolve));
    await full.close();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'vlm2vec: The output cannot be written: the disk is full (ENOSPC).\n',
    });
  });

  test('a reader that closes the pipe ends it quietly', async () => {
    const lines = await jsonl(Array.from({ length: 400 }, (_, i) => ({ text: `text ${i}` })));
    const child = spawn(process.execPath, [...COMMAND, 'embed', '--model', bundle(), '--jsonl', lines], { cwd: ROOT });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.each([
    ['{', /^vlm2vec: line 2 is not JSON/],
    ['[1]', /line 2 is not a JSON object/],
    ['', /line 2 is empty/],
    [{}, /line 2 has neither text nor image/],
    [{ text: '' }, /line 2 has neither text nor image/],
    [{ text: 3 }, /line 2: "text" is not a string/],
    [{ text: 'a', iamge: 'b.png' }, /line 2 has the unknown key "iamge"/],
    [{ image: 'nowhere.png' }, /line 2: there is no image at .*nowhere\.png/],
    [{ image: '.' }, /line 2: .* is not a file/],
    [{ image: fixturePath('README.md') }, /line 2: These bytes are not a PNG/],
    [{ image: tiny, text: '<|image_pad|><|image_pad|>' }, /line 2: The text of an image must contain .* once/],
  ])('a bad line %j: said by number, nothing printed', async (line, message) => {
    const file = await jsonl([{ text: 'fine' }, line, { text: 'fine too' }]);
    await expectRefusal(['embed', '--model', bundle(), '--jsonl', file], message);
  });

  test('a bad line far behind the first batch prints nothing either', async () => {
    const broken = path.join(work, 'broken.png');
    await writeFile(broken, (await readFile(tiny)).subarray(0, 500));
    const lines = Array.from({ length: 130 }, (_, i) => (i === 129 ? { image: broken } : { text: `text ${i}` }));
    const file = await jsonl(lines);
    await expectRefusal(['embed', '--model', bundle(), '--jsonl', file], /line 130: The PNG file is/);
  });
});

/** Exit code 2, nothing on stdout, one line on stderr. */
async function expectRefusal(args: string[], message: RegExp): Promise<void> {
  const { code, stdout, stderr } = await run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^vlm2vec: [^\n]+\n$/);
}

describe('impossible requests are refused', () => {
  test.each([
    [[], /name a command/],
    [['polish'], /unknown command 'polish'/],
    [['embed', '--jsonl', '-'], /required option '--model <bundle>' not specified/],
    [['embed', '--model', 'BUNDLE', '--jsonl', '-', '--fast'], /unknown option '--fast'/],
    [['embed', '--model', 'BUNDLE', '--jsonl', 'nowhere.jsonl'], /nowhere\.jsonl cannot be read/],
    [['embed', '--model', 'nowhere', '--jsonl', '-'], /There is no bundle at nowhere/],
    [
      ['embed', '--model', 'BUNDLE', '--jsonl', '-', '--device', 'wasm'],
      /argument 'wasm' is invalid\. wasm is for browsers; use cpu here/,
    ],
    [['embed', '--model', 'BUNDLE', '--jsonl', '-', '--orientation', 'up'], /Allowed choices are exif, stored/],
    [['embed', '--model', 'BUNDLE', '--jsonl', '-', '--max-pixels', '1e6'], /must be a whole number above 0/],
    [['rank', '--model', 'BUNDLE', 'nowhere.png', 'a cat'], /There is no image at nowhere\.png/],
    [['rank', '--model', 'BUNDLE', tiny], /missing required argument 'captions'/],
    [['rank', '--model', 'BUNDLE', tiny, 'a cat', ''], /Caption 2 is empty/],
    [['inspect', 'src'], /src has no file bundle\.json/],
    [['convert', 'CHECKPOINT', '--out', 'OUT', '--dtype', 'int8'], /'int8' is invalid/],
    [['convert', 'CHECKPOINT', '--dtype', 'q8'], /required option '--out <folder>' not specified/],
    [['convert', './nowhere', '--out', 'OUT', '--dtype', 'q8'], /neither a folder nor a Hub repository/],
    [['convert', fixturePath('images'), '--out', 'OUT', '--dtype', 'q8'], /config\.json/],
    [['convert', 'CHECKPOINT', '--out', ROOT, '--dtype', 'q8'], /contains files other than a bundle/],
  ])('%j', async (args, message) => {
    const names: Record<string, string> = {
      BUNDLE: bundle(),
      CHECKPOINT: checkpointPath('tiny-tied'),
      OUT: path.join(work, 'new'),
    };
    await expectRefusal(
      args.map((arg) => names[arg] ?? arg),
      message,
    );
    expect(await readdir(work)).not.toContain('new');
  });

  test.each([
    ['/etc', 0],
    ['../fixtures', 0],
    ['\\\\server\\share', 0],
    ['C:/models/base', 0],
    ['a/../..', 0],
    ['reference/fixtures', 1], // a folder here, but to an adapter it is the name of a repository
  ])('an adapter that calls its base %s reads no folder', async (base, asked) => {
    const adapter = path.join(work, 'asking');
    await cp(adapterPath('lora'), adapter, { recursive: true });
    const config = path.join(adapter, 'adapter_config.json');
    const json = JSON.parse(await readFile(config, 'utf8')) as object;
    await writeFile(config, JSON.stringify({ ...json, base_model_name_or_path: base }));
    const fetch = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(null, { status: 404 }));
    try {
      await expectRefusal(
        ['convert', adapter, '--out', path.join(work, 'new'), '--dtype', 'q8'],
        /not a repository|reference\/fixtures at main/,
      );
      expect(fetch).toHaveBeenCalledTimes(asked);
    } finally {
      fetch.mockRestore();
      await rm(adapter, { recursive: true });
    }
  });

  test('a damaged checkpoint leaves no file', async () => {
    const damaged = path.join(work, 'damaged');
    await cp(checkpointPath('tiny-untied'), damaged, { recursive: true });
    const file = path.join(damaged, 'model.safetensors');
    await writeFile(file, (await readFile(file)).subarray(0, 5000));
    const before = await readdir(work);
    await expectRefusal(
      ['convert', damaged, '--out', path.join(work, 'new', 'deep'), '--dtype', 'fp32'],
      /model\.safetensors/,
    );
    expect(await readdir(work)).toEqual(before);
  });

  test('a bundle of another conversion is left alone, unless --force is given', async () => {
    const out = path.join(work, 'kept');
    const convert = (checkpoint: Parameters<typeof checkpointPath>[0], dtype: string, ...more: string[]) => [
      ...['convert', checkpointPath(checkpoint), '--out', out, '--dtype', dtype],
      ...more,
    ];
    expect(await run(convert('tiny-tied', 'q8', '--recipe', 'vlm2vec'))).toMatchObject({ code: 0 });
    const bytes = () => readFile(path.join(out, 'bundle.json'), 'utf8');
    const before = await bytes();
    const refusal = /kept contains another bundle: tiny-tied as q8, recipe vlm2vec\. It is left alone: .* add --force/;
    for (const other of [
      convert('tiny-tied', 'q4', '--recipe', 'vlm2vec'),
      convert('tiny-untied', 'q8', '--recipe', 'vlm2vec'),
      convert('tiny-tied', 'q8', '--recipe', 'gme'),
      convert('tiny-tied', 'q8', '--recipe', 'vlm2vec', '--adapter', adapterPath('lora')),
    ]) {
      await expectRefusal(other, refusal);
      expect(await bytes()).toBe(before);
    }
    expect(await run(convert('tiny-tied', 'q8', '--recipe', 'vlm2vec')), 'the same one').toMatchObject({ code: 0 });
    expect(await bytes()).toBe(before);
    expect(await run(convert('tiny-tied', 'fp16', '--recipe', 'vlm2vec', '--force'))).toMatchObject({ code: 0 });
    expect(await bytes()).toContain('"dtype": "fp16"');
    expect((await readdir(work)).filter((name) => name.includes('kept'))).toEqual(['kept']);
  });

  test('an interrupted conversion leaves no file', async () => {
    const before = await readdir(work);
    const running = run(['convert', checkpointPath('tiny-tied'), '--out', path.join(work, 'new'), '--dtype', 'q4']);
    let finished = false;
    void running.then(() => (finished = true));
    while (!finished && !(await readdir(work)).some((name) => name.includes('partial'))) await setImmediate();
    process.emit('SIGINT');
    expect(await running).toMatchObject({ code: 130, stdout: '' });
    expect(await readdir(work)).toEqual(before);
  });

  test('a flipped bit in a bundle is found', async () => {
    const flipped = path.join(work, 'flipped');
    await cp(bundle(), flipped, { recursive: true });
    const file = path.join(flipped, 'text.0.bin');
    const bytes = await readFile(file);
    bytes[1000]! ^= 1;
    await writeFile(file, bytes);
    await expectRefusal(['embed', '--model', flipped, '--jsonl', await jsonl([{ text: 'a' }])], /text\.0\.bin/);
  });
});

test('rank gives the embeddings’ own cosines, best first', async () => {
  const captions = ['a cat', 'two dogs', 'a rocket at night', 'a cup of coffee'];
  const { stdout, code } = await run(['rank', '--model', bundle(), tiny, ...captions, '--json']);
  expect(code).toBe(0);
  const ranked = JSON.parse(stdout) as { caption: string; score: number }[];
  const query = { image: tiny, text: '<|image_pad|>\nFind an image caption describing the given everyday image.\n' };
  const file = await jsonl([query, ...captions.map((text) => ({ text }))]);
  const [image, ...texts] = (await embed(['--model', bundle(), '--jsonl', file])).map((line) =>
    Float32Array.from(line.embedding),
  );
  const scores = new Map(captions.map((caption, i) => [caption, cosine(image!, texts[i]!)]));
  expect(ranked.map(({ caption }) => caption)).toEqual(captions.toSorted((a, b) => scores.get(b)! - scores.get(a)!));
  for (const { caption, score } of ranked) expect(score).toBeCloseTo(scores.get(caption)!, 5);
  const plain = await run(['rank', '--model', bundle(), tiny, ...captions]);
  expect(plain.stdout.split('\n')[0]).toBe(`${ranked[0]!.score.toFixed(4)}  ${ranked[0]!.caption}`);
});

test('inspect shows what convert wrote', async () => {
  const { stdout } = await run(['inspect', bundle(), '--json']);
  const { architecture, dims, dtype, stages, bytes, source } = JSON.parse(stdout) as Record<string, unknown>;
  expect({ architecture, dims, dtype }).toEqual({ architecture: 'qwen2_vl', dims: 256, dtype: 'fp32' });
  expect(stages).toEqual([
    expect.objectContaining({ name: 'vision.0', kind: 'vision' }),
    expect.objectContaining({ name: 'text.0', kind: 'text' }),
  ]);
  expect(source).toEqual({ base: { id: 'tiny-tied', revision: null }, adapter: null });
  const files = await readdir(bundle());
  const sizes = await Promise.all(
    files.filter((file) => file !== 'bundle.json').map((file) => readFile(path.join(bundle(), file))),
  );
  expect(bytes).toBe(sizes.reduce((sum, { length }) => sum + length, 0));
});

test('--help and --version succeed', async () => {
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  const { code, stdout, stderr } = await run(['embed', '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('--raw-tokens');
});

describe('bench', () => {
  const few = ['bench', '--model', 'nano', '--pictures', '16,1024', '--captions', '2', '--seconds', '1'];

  test('--json is the report: figures for the inputs the model takes, and the reason for those it does not', async () => {
    const { code, stdout } = await run([...few, '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as MeasureReport;
    const [rung] = report.rungs;
    expect(report).toMatchObject({ format: 'vlm2vec-bench', version: 1, model: { label: 'nano', dtype: 'q8' } });
    expect(rung).toMatchObject({ device: 'cpu', activations: 'f32', probe: [{ outcome: 'passed' }], error: null });
    expect(rung!.probe[0]!.cosine).toBeGreaterThan(0.999999);
    expect(rung!.matmul!.flopsPerSecond).toBeGreaterThan(0);
    expect(rung!.memory!.bytes).toBeGreaterThan(1e7);
    expect(rung!.figures).toMatchObject([
      { kind: 'captions', size: 2, inputs: 2, skipped: null },
      { kind: 'picture', size: 16, imageTokens: 16, skipped: null },
      { kind: 'picture', size: 1024, skipped: 'this model takes at most 512 tokens' },
    ]);
    for (const figure of rung!.figures.slice(0, 2)) {
      const { milliseconds, share, stages } = figure as Measured;
      expect(milliseconds).toBeGreaterThan(0);
      expect(share).toBeGreaterThan(0);
      expect(stages.map(({ name }) => name)).toEqual(figure.kind === 'picture' ? ['vision.0', 'text.0'] : ['text.0']);
    }
  });

  test('as a table, line by line', async () => {
    const { code, stdout } = await run([
      'bench',
      '--model',
      'nano',
      '--pictures',
      '16',
      '--captions',
      '1',
      '--seconds',
      '1',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^nano: qwen2_vl, q8, [\d.]+ MB\ncpu f32\n  loading [\d.]+ s\n/);
    expect(stdout).toMatch(/\n  a picture, 16 visual tokens +[\d.,]+ /);
    expect(stdout).toMatch(/\n    stage vision\.0, in one call +[\d.,]+ /);
  });

  test.each([
    ['--pictures', '0'],
    ['--pictures', '64,x'],
    ['--captions', '1000'],
    ['--json', '--markdown'],
  ])('%s %s is refused', async (...args) => {
    expect((await run(['bench', '--model', 'nano', ...args])).code).toBe(2);
  });
});
