/** @file Commands whose output grows larger than the user may write: one line that names the file, nothing half-written. */

import { spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkpointPath } from '../testing/fixtures';
import { runMain, type CommandResult } from './run-main';

const ROOT = path.resolve(import.meta.dirname, '../..');
const COMMAND = [process.execPath, '--import', 'tsx', path.resolve(import.meta.dirname, 'index.ts')];

let work: string;
beforeEach(async () => (work = await mkdtemp(path.join(tmpdir(), 'refused-'))));
afterEach(() => rm(work, { recursive: true }));

/** No file may become longer; without the trap, the signal would end the process. */
function limited(kilobytes: number, args: string[]): Promise<CommandResult> {
  const script = `trap '' XFSZ; ulimit -f ${kilobytes}; exec "$@"`;
  const child = spawn('bash', ['-c', script, 'bash', ...COMMAND, ...args], {
    cwd: ROOT,
    env: { ...process.env, TSX_DISABLE_CACHE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

const refusal = (file: string) =>
  new RegExp(`^vlm2vec: \\S*${file} cannot be written: the file is larger than .*\\(EFBIG\\)`);

describe.runIf(process.platform === 'linux')('a limit on the length of files', () => {
  test('convert: the folder is as it was', async () => {
    const checkpoint = checkpointPath('tiny-tied');
    const args = [
      'convert',
      checkpoint,
      '--recipe',
      'vlm2vec',
      '--out',
      path.join(work, 'deep', 'out'),
      '--dtype',
      'fp32',
    ];
    const { code, stdout, stderr } = await limited(20, args);
    expect(stderr).toMatch(refusal('deep/out/[\\w.]+'));
    expect(stderr.trimEnd()).not.toContain('\n');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(await readdir(work)).toEqual([]);
  });

  test('embed: --resume completes it', async () => {
    const lines = Array.from({ length: 60 }, (_, i) => `{"text":"text ${i}"}\n`);
    await writeFile(path.join(work, 'in.jsonl'), lines.join(''));
    const out = path.join(work, 'out.npy');
    const args = ['embed', '--model', 'nano', path.join(work, 'in.jsonl'), '--out', out];
    const { code, stdout, stderr } = await limited(4, args);
    expect(stderr).toMatch(refusal('out\\.npy\\.partial'));
    expect(stderr).toContain('then run again with --resume: what was already written is kept.');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(await readdir(work)).not.toContain('out.npy');
    expect(await runMain([...args, '--resume'])).toMatchObject({ code: 0 });
    expect((await readFile(out)).length).toBeGreaterThan(60 * 4 * 64);
  });

  test('index: run again, it completes', async () => {
    const photos = path.join(work, 'photos');
    for (const name of ['apples.png', 'cat.jpg', 'fish.png', 'guitar.png']) {
      await cp(path.join(ROOT, 'public/samples', name), path.join(photos, name));
    }
    const out = path.join(work, 'index');
    const args = ['index', photos, '--out', out, '--model', 'nano', '--no-thumbnails'];
    const { code, stderr } = await limited(1, args);
    expect(stderr).toMatch(refusal('index/\\S+'));
    expect(code).toBe(1);
    expect(await runMain(args)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^4 pictures/) });
  });
});
