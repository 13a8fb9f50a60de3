/** @file The process that indexes is killed, as by `kill -9` or the kernel when memory is short. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { smallBmp, writePictures } from '../../testing/small-pictures';
import { repositoryPath, TSX } from '../../testing/watched-process';
import { writeRecords } from '../vectors';
import { MANIFEST_NAME } from '../library/folder-manifest';
import { openIndex } from './open-index.node.js';

const IS_FULL = !!process.env.VLM2VEC_FULL_TESTS;
const KILLS = IS_FULL ? 40 : 2;
/** How many pictures a process embeds before it is killed. */
const SHARE = IS_FULL ? 200 : 150;
const COUNT = IS_FULL ? 2000 : 400;
/** What a kill may cost: two calls of the model of 16 pictures, a commit of 64, and as many that wait for the next one. */
const MOST_LOST = 2 * 16 + 2 * 64;

let work: string;
beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'killed-'));
});
afterEach(() => rm(work, { recursive: true }));

const at = (name: string) => path.join(work, name);

/** @param killedAfter how many pictures are embedded first, then how many milliseconds pass; null: never */
async function indexIn(out: string, log: string, killedAfter: { pictures: number; wait: number } | null) {
  const args = [...TSX, repositoryPath('src/testing/index-folder.ts'), at('Photos'), at(out), at(log)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const before = embeddedIn(log);
  if (killedAfter) {
    while (child.exitCode === null && embeddedIn(log) - before < killedAfter.pictures) await sleep(1);
    await sleep(killedAfter.wait);
    child.kill('SIGKILL');
  }
  const code = await ended;
  expect(stderr).toBe('');
  return code;
}

function embeddedIn(log: string): number {
  return existsSync(at(log)) ? readFileSync(at(log)).length : 0;
}

/** By path: the bytes of its vector and thumbnail. */
async function contents(out: string): Promise<Map<string, string>> {
  const { library } = await openIndex(at(out));
  const found = new Map<string, string>();
  for (const { id } of library.catalog.rows.filter((item) => item !== null)) {
    const row = library.catalog.picture(id)!;
    const vector = Buffer.from(writeRecords(library.catalog.vectors, row.slot)).toString('hex');
    const thumbnail = Buffer.from((await library.readThumbnail(row)).bytes).toString('hex');
    expect(found.has(row.path), row.path).toBe(false);
    found.set(row.path, `${vector} ${thumbnail}`);
  }
  await library.close();
  return found;
}

test(
  'killed at random moments: what is there is sound at any time, and in the end it is what an undisturbed run makes',
  { timeout: IS_FULL ? 600_000 : 120_000 },
  async () => {
    const pictures = Array.from({ length: COUNT }, (_, i) => [`${i % 5}/${i}.bmp`, smallBmp(i)] as const);
    await writePictures(at('Photos'), Object.fromEntries(pictures));
    expect(await indexIn('undisturbed', 'log', null)).toBe(0);
    expect((await readFile(at('log'))).length).toBe(COUNT);
    const whole = await contents('undisturbed');
    expect(whole.size).toBe(COUNT);

    let killed = 0;
    let known = 0;
    for (let i = 0; i < KILLS; i++) {
      // The first kill comes while the index is being created.
      const pictures = i === 0 ? 1 : SHARE;
      const before = embeddedIn('kills');
      const code = await indexIn('index', 'kills', { pictures, wait: Math.random() * 20 });
      if (code === null) killed++;
      if (!existsSync(path.join(at('index'), MANIFEST_NAME))) continue;
      const embedded = embeddedIn('kills') - before;
      const now = await contents('index');
      for (const [name, bytes] of now) expect(bytes, name).toBe(whole.get(name));
      expect(now.size, 'nothing is lost').toBeGreaterThanOrEqual(known);
      expect(embedded - (now.size - known)).toBeLessThanOrEqual(MOST_LOST);
      known = now.size;
    }
    expect(killed).toBeGreaterThan(0);
    expect(await indexIn('index', 'kills', null)).toBe(0);
    expect(await contents('index')).toEqual(whole);
  },
);
