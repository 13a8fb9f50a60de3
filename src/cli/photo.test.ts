/** @file `vlm2vec index` and `vlm2vec search` with nano: what they find, how they print it, and what they refuse. */

import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cosine } from '../testing/fixtures';
import { runMain as run } from './run-main';

let work: string;
let photos: string;
let index: string;
const at = (name: string) => path.join(work, name);
const COLOURS = { red: '#f00', green: '#0a0', blue: '#00f', 'new\nline': '#888' };

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'photo-'));
  [photos, index] = [at('Photos'), at('photos.index')];
  await mkdir(path.join(photos, 'b'), { recursive: true });
  for (const [name, background] of Object.entries(COLOURS)) {
    const picture = sharp({ create: { width: 64, height: 48, channels: 3, background } });
    await picture.png().toFile(path.join(photos, name === 'blue' ? 'b' : '', `${name}.png`));
  }
  await writeFile(path.join(photos, 'bad.jpg'), 'no picture');
  await symlink('..', path.join(photos, 'b/up'));
  const { code, stdout, stderr } = await run(['index', photos, '--out', index, '--model', 'nano', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ pictures: 4, embedded: 4, problems: [{ path: 'Photos/bad.jpg' }] });
  expect(stderr).toMatch(/Photos\/bad\.jpg: .*\n.*1 file could not be indexed/s);
  expect(code, 'done, but for a bad one').toBe(3);
});
afterAll(() => rm(work, { recursive: true }));

interface Hit {
  path: string;
  score: number;
  z: number;
  relevant: boolean;
  name: string;
}
async function hits(...args: string[]): Promise<Hit[]> {
  const { stdout, stderr, code } = await run(['search', index, ...args, '--json']);
  expect({ code, stderr: stderr.replace(/^.*Nothing stands out.*\n/, '') }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout) as { hits: Hit[] }).hits;
}

test('scores are those of the embeddings themselves, best first', async () => {
  const all = await hits('a greenish thing', '--top', '9');
  expect(all).toHaveLength(4);
  const lines = all.map(({ path }) => JSON.stringify({ image: path }));
  const query = JSON.stringify({ text: 'a greenish thing', role: 'query' });
  await writeFile(at('lines.jsonl'), `${[query, ...lines].join('\n')}\n`);
  const { stdout, stderr } = await run(['embed', at('lines.jsonl'), '--model', 'nano']);
  expect(stderr).toBe('');
  const [asked, ...vectors] = stdout
    .trim()
    .split('\n')
    .map((line) => Float32Array.from((JSON.parse(line) as { embedding: number[] }).embedding));
  for (const [i, { score }] of all.entries()) expect(score).toBeCloseTo(cosine(asked!, vectors[i]!), 3);
  const scores = all.map(({ score }) => score);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  const least = scores[1]!;
  expect(await hits('a greenish thing', '--min-score', String(least))).toHaveLength(2);
});

test('a picture, one of the index, folders; paths for other tools', async () => {
  expect((await hits('--image', path.join(photos, 'red.png'), '--top', '1'))[0]!.name).toBe('red.png');
  const like = await hits('--like', path.join(photos, 'red.png'), '--top', '9');
  expect(like.map(({ name }) => name).sort()).toEqual(['blue.png', 'green.png', 'new\nline.png']);
  expect((await hits('--folder', 'Photos/b', '--top', '9')).map(({ path }) => path)).toEqual([`${photos}/b/blue.png`]);
  const plain = await run(['search', index, '--top', '9', '--relative']);
  expect(plain.stdout.split('\n').sort()).toEqual(
    ['', 'Photos/b/blue.png', 'Photos/green.png', 'Photos/new\\nline.png', 'Photos/red.png'].sort(),
  );
  const raw = await run(['search', index, '--top', '9', '-0']);
  expect(raw.stdout.split('\0').sort()).toContain(`${photos}/new\nline.png`);
});

test.each([
  ['a file of the index', () => path.join(index, 'index.json'), /within the index/],
  ['a new file in the index', () => path.join(index, 'vectors', 'new.bin'), /within the index/],
  ['a picture', () => path.join(photos, 'red.png'), /not an exported photo index/],
  ['a folder', () => photos, /not a file/],
  ['a folder that is not there', () => at('nowhere/photos.bin'), /there is no folder/],
])('not exported over, or into, %s; and not only after everything else', async (_, place, message) => {
  const before = (await readdir(index)).sort();
  for (const more of [[], [photos, '--model', 'nano']]) {
    const { code, stdout, stderr } = await run(['index', ...more, '--out', index, '--export', place()]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  }
  expect((await readdir(index)).sort()).toEqual(before);
});

test('an exported index is searched identically and imported without embedding anything', async () => {
  expect(await run(['index', '--out', index, '--export', at('photos.bin')])).toMatchObject({ code: 0, stdout: '' });
  const args = ['a red thing', '--model', 'nano', '--top', '9', '--json', '--relative'];
  const [folder, file] = [await run(['search', index, ...args]), await run(['search', at('photos.bin'), ...args])];
  expect(JSON.parse(file.stdout)).toEqual(JSON.parse(folder.stdout));
  const copy = ['index', photos, '--out', at('copy'), '--model', 'nano', '--import', at('photos.bin'), '--json'];
  expect(JSON.parse((await run(copy)).stdout)).toMatchObject({ pictures: 4, embedded: 0 });
  expect(JSON.parse((await run(['search', at('copy'), ...args])).stdout)).toEqual(JSON.parse(folder.stdout));
});

test('an export that is damaged leaves no index behind, wherever the damage is', async () => {
  await run(['index', '--out', index, '--export', at('whole.bin')]);
  const whole = await readFile(at('whole.bin'));
  const flipped = Buffer.from(whole);
  flipped[whole.length - 10]! ^= 1;
  await writeFile(at('cut.bin'), whole.subarray(0, whole.length / 2));
  await writeFile(at('flipped.bin'), flipped);
  const before = await readdir(at(''));
  for (const file of [at('cut.bin'), at('flipped.bin'), at('missing.bin')]) {
    const { code, stderr } = await run(['index', photos, '--out', at('from-bad'), '--model', 'nano', '--import', file]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/export|damaged|no file/) });
    expect(await readdir(at(''))).toEqual(before);
  }
});

test('status shows what there is and what could not be indexed, and exits with 0', async () => {
  const { code, stdout } = await run(['index', '--status', index, '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ pictures: 4, problems: [{ path: 'Photos/bad.jpg' }] });
});

test.each([
  ['no index', () => ['search', at('none'), 'a'], /There is no index at .*none.*vlm2vec index/],
  ['no question', () => ['search', index], /The query is empty/],
  ['only exclusions', () => ['search', index, '--top', '3', ' -red'], /only says what/],
  ['no such picture', () => ['search', index, '--like', 'x.png'], /has no picture x\.png.*--image/],
  ['no day', () => ['search', index, '--from', 'May'], /--from May: a day/],
  ['no model', () => ['index', photos, '--out', at('new')], /Name the model/],
  ['no folder', () => ['index', at('nowhere'), '--out', at('new'), '--model', 'nano'], /There is no folder/],
  ['something else', () => ['index', photos, '--out', photos, '--model', 'nano'], /contains .* and no index/],
  ['no export', () => ['search', path.join(photos, 'red.png'), 'a'], /not an exported photo index/],
])('refused with 2: %s', async (_name, args, message) => {
  const { code, stderr } = await run(args());
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});
