/** @file The dialogue over pipes that a cluster's worker holds, with a separate process. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { COMMAND } from '../testing/built-package';
import { fixturePath } from '../testing/fixtures';
import { recordOf } from './inputs/fields';
import { runMain } from './run-main';
import { batchesOf } from './serve';

async function texts(chunks: string[]): Promise<string[]> {
  async function* bytes() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const found: string[] = [];
  for await (const batch of batchesOf(bytes())) found.push(Buffer.from(batch).toString());
  return found;
}

describe('batches', () => {
  const whole = 'a\nbé\n\n\r\nc\n\nd\n\n\ne';
  const wanted = ['a\nbé\n', 'c\n', 'd\n', 'e'];

  test('end with an empty line, and with the input', async () => {
    expect(await texts([whole])).toEqual(wanted);
    expect(await texts([])).toEqual([]);
    expect(await texts(['\n\n'])).toEqual([]);
  });

  test('are the same wherever the pipe splits them', async () => {
    async function* bytes() {
      for (const byte of Buffer.from(whole)) yield Uint8Array.of(byte);
    }
    const found: string[] = [];
    for await (const batch of batchesOf(bytes())) found.push(Buffer.from(batch).toString());
    expect(found).toEqual(wanted);
  });
});

describe('pictures as bytes', () => {
  const parsed = (image: unknown) => recordOf({ where: 'line 1', fields: { image }, folder: '/' }, {}, true);

  test('are read from base64, also beside a path', async () => {
    for (const image of [{ bytes: 'AQID' }, { bytes: 'AQID', path: null }]) {
      expect(await parsed(image)).toMatchObject({ input: { image: Uint8Array.of(1, 2, 3) }, imagePath: null });
    }
    expect(await parsed({ bytes: 'AQID', path: 'a.png' })).toMatchObject({
      input: { image: Uint8Array.of(1, 2, 3) },
      imagePath: 'a.png',
    });
    expect(await parsed([{ bytes: 'AQI=' }, fixturePath('images/tiny.png')])).toMatchObject({
      input: { image: [Uint8Array.of(1, 2), pathToFileURL(fixturePath('images/tiny.png'))] },
    });
  });

  test.each([{ bytes: 'AQ*D' }, { bytes: '' }, { bytes: [1] }, {}])('%j is refused', async (image) => {
    expect(await parsed(image)).toMatchObject({
      error: { message: expect.stringContaining('{"bytes": base64}') as string },
    });
  });
});

describe('a model that stays loaded', () => {
  let child: ReturnType<typeof start> | undefined;
  afterEach(() => child?.process.kill('SIGKILL'));

  function start(...flags: string[]) {
    const process_ = spawn(process.execPath, [...COMMAND, 'embed', '--model', 'nano', '--serve', ...flags]);
    let stderr = '';
    process_.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]();
    const ask = async (batch: object[]): Promise<Record<string, unknown>[]> => {
      process_.stdin.write(`${batch.map((line) => JSON.stringify(line)).join('\n')}\n\n`);
      const answers: Record<string, unknown>[] = [];
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`ended: ${stderr}`);
        if (value === '') return answers;
        answers.push(JSON.parse(value) as Record<string, unknown>);
      }
    };
    return { process: process_, ask, stderr: () => stderr };
  }

  test('answers each batch before the next is sent, with bad rows in their places', { timeout: 60_000 }, async () => {
    child = start('--batching', 'single');
    const bytes = (await readFile(fixturePath('images/tiny.png'))).toString('base64');
    // More than a pipe holds, in either direction; without a common beginning, so that shared passes would have many
    // rows.
    const long = Array.from({ length: 400 }, (_, id) => ({ id, text: `${id} ${'red kites over a beach '.repeat(8)}` }));
    const first = await child.ask([
      { id: 'p', image: { bytes } },
      { id: 'bad', text: 3 },
      { id: 'cut', image: { bytes: 'AAAA' } },
    ]);
    expect(first.map(({ id }) => id)).toEqual(['p', 'bad', 'cut']);
    expect(first[0]!.embedding).toHaveLength(192);
    expect(first[1]).toEqual({ id: 'bad', error: '"text" is not a string.' });
    expect(String(first[2]!.error)).not.toMatch(/^line/);
    const many = await child.ask(long);
    expect(many.map(({ id }) => id)).toEqual(long.map(({ id }) => id));
    const again = await child.ask([long[57]!]); // the same bits alone as among a hundred
    expect(again[0]).toEqual(many[57]);
    child.process.stdin.end();
    expect(await once(child.process, 'close')).toEqual([0, null]);
    expect(child.stderr()).toBe('');
  });

  test(
    'ends with its reason on stderr where the model is not there, and by a signal',
    { timeout: 60_000 },
    async () => {
      const { code, stderr } = await runMain(['embed', '--model', 'nowhere', '--serve']);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringContaining('There is no bundle at nowhere') as string,
      });
      child = start();
      await child.ask([{ text: 'a' }]);
      child.process.kill('SIGTERM');
      expect(await once(child.process, 'close')).toEqual([130, null]);
    },
  );

  test.each([['--jsonl', '-'], ['--out', 'a.parquet'], ['--shard', '1/2'], ['--raw-tokens']])(
    'has no place for %s',
    async (...flags) => {
      const { code, stderr } = await runMain(['embed', '--model', 'nano', '--serve', ...flags]);
      expect(code).toBe(2);
      expect(stderr).toContain(flags[0]);
    },
  );
});
