import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { buildIfChanged, hashInputs } from './build-inputs.ts';

const root = mkdtempSync(path.join(tmpdir(), 'vlm2vec-inputs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('whatever changed is built again, and so is an unfinished build', async () => {
  mkdirSync(path.join(root, 'src/deep'), { recursive: true });
  writeFileSync(path.join(root, 'src/deep/a.ts'), 'a');
  writeFileSync(path.join(root, 'package.json'), '{}');
  const output = path.join(root, 'output.js');
  const state = () => ({
    note: path.join(root, 'note.txt'),
    hash: hashInputs(root, ['src', 'package.json']),
    outputs: [output],
  });
  let builds = 0;
  const build = () => buildIfChanged(state(), async () => writeFileSync(output, String(++builds)));

  expect([await build(), await build(), builds]).toEqual([true, false, 1]);
  writeFileSync(path.join(root, 'src/deep/a.ts'), 'b');
  expect([await build(), await build(), builds]).toEqual([true, false, 2]);
  writeFileSync(path.join(root, 'src/b.ts'), '');
  expect([await build(), await build(), builds]).toEqual([true, false, 3]);

  writeFileSync(path.join(root, 'package.json'), '{ }');
  const broken = buildIfChanged(state(), () => Promise.reject(new Error('broken')));
  await expect(broken).rejects.toThrow('broken');
  expect([await build(), builds]).toEqual([true, 4]);
  rmSync(output);
  expect([await build(), builds]).toEqual([true, 5]);
});
