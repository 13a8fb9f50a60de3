/** @file What `eval --vectors` says where the disk refuses: it has no run to resume. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportVectors, type VectorOutput } from './eval-output';
import { npySink } from './outputs/npy';

let work: string;
beforeAll(async () => void (work = await mkdtemp(path.join(tmpdir(), 'eval-output-'))));
afterAll(() => rm(work, { recursive: true }));

const output = { sets: [], dims: 4, provenance: {}, signal: new AbortController().signal };

test.each([
  ['npy', ''],
  ['npy', '.ids.jsonl'],
  ['jsonl', ''],
  ['parquet', ''],
  ['parquet', '.rows'],
] as const)('%s: a refusal for its file%s names no option that eval lacks', async (kind, which) => {
  const stem = path.join(work, `${kind}${which}`);
  const file = `${stem}.${kind}`;
  const refused = which === '.ids.jsonl' ? `${stem}.ids.jsonl` : `${file}${which}`;
  await mkdir(`${refused}.partial`);
  const exporting = exportVectors({ kind, file }, output as unknown as VectorOutput<never>);
  await expect(exporting).rejects.toThrow(
    /a folder has that name \(EISDIR\)\. Name another place, then run it again\.$/,
  );
});

test('embed names it', async () => {
  const file = path.join(work, 'embed.npy');
  await mkdir(`${file}.partial`);
  const shape = { columns: [], dims: 4, precision: 'float32', several: false, provenance: {} } as const;
  await expect(npySink(file, shape, null)).rejects.toThrow(/then run again with --resume/);
});
