/**
 * @file A run of `embed` that is repeatedly killed without warning ends with the same bytes as an undisturbed one. The
 * full tests take 10,000 texts, 1,000 pictures and 20 kills.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMAND } from '../testing/built-package';
import { fixturePath } from '../testing/fixtures';
import { runMain as run } from './run-main';

const IS_FULL = process.env.VLM2VEC_FULL_TESTS === '1';
const SIZE = IS_FULL ? { texts: 10_000, pictures: 1000, kills: 20 } : { texts: 900, pictures: 10, kills: 1 };
const ROOT = path.resolve(import.meta.dirname, '../..');
const TOTAL = SIZE.texts + SIZE.pictures;

let work: string;
let bad = 0;
const at = (name: string) => path.join(work, name);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'cli-resume-'));
  const picture = fixturePath('images/tiny.png');
  const lines = Array.from({ length: TOTAL }, (_, i) => {
    if (i % 100 === 37) {
      bad++;
      return i % 200 === 37 ? '{"text": ' : JSON.stringify({ id: i, image: 'nowhere.png' });
    }
    const isPicture = Math.floor((i * SIZE.pictures) / TOTAL) !== Math.floor(((i + 1) * SIZE.pictures) / TOTAL);
    return JSON.stringify(
      isPicture ? { id: i, image: picture } : { id: i, text: `text ${i} ${'of words '.repeat(i % 9)}` },
    );
  });
  await writeFile(at('inputs.jsonl'), lines.join('\n'));
});
afterAll(() => rm(work, { recursive: true }));

const argsOf = (out: string) => [
  ...['embed', '--model', 'nano', at('inputs.jsonl'), '--out', at(out)],
  ...['--skip-bad', '--resume', '--batch', IS_FULL ? '16' : '2', '--quiet'],
];

/** How many inputs the state of the run counts. */
async function written(out: string): Promise<number> {
  const text = await readFile(`${at(out)}.run.json`, 'utf8').catch(() => '{"inputs": 0}');
  return (JSON.parse(text) as { inputs: number }).inputs;
}

/**
 * Starts or resumes the run, and kills it at most this many milliseconds after more is written, unless the run ends
 * first.
 */
async function killedLater(out: string, within: number): Promise<number> {
  const before = await written(out);
  const child = spawn(process.execPath, [...COMMAND, ...argsOf(out)], { cwd: ROOT, stdio: 'ignore' });
  const ended = once(child, 'exit');
  while ((await written(out)) <= before && child.exitCode === null) await pause(5);
  await pause(Math.random() * within);
  child.kill('SIGKILL');
  await ended;
  return written(out);
}

/** The files of an output, except for the state of its run. */
async function filesOf(stem: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(work)).filter((name) => name.startsWith(`${stem}.`) && !name.endsWith('.run.json'));
  const found = names.sort().map(async (name) => [name.slice(stem.length), await readFile(at(name))] as const);
  return new Map(await Promise.all(found));
}

async function removeAll(stem: string): Promise<void> {
  for (const name of await readdir(work)) if (name.startsWith(`${stem}.`)) await rm(at(name));
}

describe('killed and resumed: byte for byte the same as undisturbed', () => {
  test.each(IS_FULL ? ['jsonl', 'npy', 'parquet'] : ['jsonl', 'parquet'])(
    '%s',
    { timeout: IS_FULL ? 1_800_000 : 120_000 },
    async (kind) => {
      const { code, stderr } = await run(argsOf(`${kind}-whole.${kind}`));
      expect({ code, stderr }).toEqual({
        code: 3,
        stderr: expect.stringContaining(`${bad} of ${TOTAL} inputs could not be embedded`) as string,
      });
      const out = `${kind}-killed.${kind}`;
      let within = 300;
      for (let kills = 0; kills < SIZE.kills && within >= 1;) {
        if ((await killedLater(out, within)) < TOTAL) kills++;
        else if (!IS_FULL) {
          // It finished before it could be killed: start again, and kill it sooner.
          await removeAll(`${kind}-killed`);
          within /= 4;
        } else break;
      }
      const inputs = await written(out);
      expect(inputs > 0 && (IS_FULL || inputs < TOTAL)).toBe(true); // otherwise nothing was tested
      expect((await run(argsOf(out))).code).toBe(3);
      const whole = await filesOf(`${kind}-whole`);
      expect(whole.size).toBe({ jsonl: 1, npy: 3, parquet: 2 }[kind]);
      const killed = await filesOf(`${kind}-killed`);
      expect([...killed.keys()]).toEqual([...whole.keys()]);
      for (const [name, bytes] of whole) expect(killed.get(name)!.equals(bytes), name).toBe(true);
    },
  );
});

test('--resume refuses inputs that changed in a part that is already written', async () => {
  const file = at('few.jsonl');
  const args = ['embed', '--model', 'nano', file, '--out', at('few.jsonl.out.jsonl'), '--resume', '--quiet'];
  await writeFile(file, '{"text": "a red kite"}\n');
  expect((await run(args)).code).toBe(0);
  expect((await run(args)).code).toBe(0); // complete: nothing left to do
  await writeFile(file, '{"text": "a blue kite"}\n');
  const { code, stderr } = await run(args);
  expect(code).toBe(2);
  expect(stderr).toContain('were changed, removed or moved');
});
