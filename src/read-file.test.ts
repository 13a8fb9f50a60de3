/** @file Named pipes that nobody writes to, that somebody writes to later, and devices. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openForReading, readWhole } from './read-file.node.js';

let work: string;
beforeAll(async () => void (work = await mkdtemp(path.join(tmpdir(), 'read-'))));
afterAll(() => rm(work, { recursive: true }));

const write = (to: string, bytes: number) =>
  spawn('sh', ['-c', `head -c ${bytes} /dev/zero > "$1"`, 'sh', to], { stdio: 'ignore' });

test('a file is read as it is', async () => {
  const file = path.join(work, 'file');
  await writeFile(file, 'abc');
  expect(new TextDecoder().decode(await readWhole(file))).toBe('abc');
  expect(await openForReading(file).then(({ stream, ...rest }) => (stream.destroy(), rest))).toEqual({
    ...{ size: 3, isDevice: false },
  });
  await expect(readWhole(path.join(work, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(readWhole(work)).rejects.toMatchObject({ code: 'EISDIR' });
});

describe.skipIf(process.platform === 'win32')('pipes and devices', () => {
  const pipe = (name: string) => {
    const made = path.join(work, name);
    execFileSync('mkfifo', [made]);
    return made;
  };

  test('a writer may come later', async () => {
    const made = pipe('later');
    const reading = readWhole(made);
    await new Promise((resolve) => setTimeout(resolve, 50));
    write(made, 300_000);
    expect(await reading).toEqual(new Uint8Array(300_000));
  });

  test('without a writer, the signal ends it, and nothing is left that keeps the process', async () => {
    const made = pipe('silent');
    const reason = new Error('stopped');
    const controller = new AbortController();
    const whole = readWhole(made, controller.signal);
    const { stream, size, isDevice } = await openForReading(made, controller.signal);
    expect({ size, isDevice }).toEqual({ size: null, isDevice: false });
    const streamed = stream.toArray();
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort(reason);
    await expect(whole).rejects.toThrow();
    await expect(streamed).rejects.toThrow();
    // A writer that only opens where somebody reads finds nobody.
    const opened = spawn('sh', ['-c', 'timeout 0.3 sh -c \': > "$1"\' sh "$1"', 'sh', made], { stdio: 'ignore' });
    expect(await new Promise((resolve) => opened.on('close', resolve))).toBe(124);
  });

  test('a device is no file', async () => {
    await expect(readWhole('/dev/zero')).rejects.toMatchObject({ code: 'EINVAL' });
    const { stream, isDevice } = await openForReading('/dev/zero');
    stream.destroy();
    expect(isDevice).toBe(true);
  });
});
