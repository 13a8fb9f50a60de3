/**
 * @file The built-in model was made in the same way as the official ones: from base and DoRA adapter, by our own
 * converter.
 */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bundleFiles } from '../bundle/validate';
import { openCheckpoint } from './open';
import { folderTree } from '../checkpoint/folder.node';
import { memoryBundle, verifyBundle } from '../store';
import { folderBundle } from '../store/folder.node';
import { readManifest } from '../store';
import { convertCheckpoint } from './convert';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const SHIPPED = root('public/models/nano');
const pair = async () => ({
  checkpoint: await folderTree(root('reference/nano/published/adapter')),
  base: await folderTree(root('reference/nano/published/base')),
});

test('converting the published base and adapter gives the built-in weights and tokenizer, byte for byte', async () => {
  const shipped = await readManifest(folderBundle(SHIPPED));
  const { writer, reader } = memoryBundle();
  const manifest = await convertCheckpoint({
    checkpoint: await openCheckpoint(await pair()),
    writer,
    dtype: shipped.dtype,
  });
  const hashes = (of: typeof shipped) =>
    bundleFiles(of)
      .filter(({ path }) => !path.endsWith('.onnx')) // written for other programs; loading makes its own
      .map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }));
  expect(hashes(manifest).length).toBeGreaterThan(4);
  expect(hashes(manifest)).toEqual(hashes(shipped));
  expect(manifest.source.adapter?.kind).toBe('dora');
  expect(shipped.source).toEqual(manifest.source);
  await verifyBundle(reader, manifest);
});

test('the built-in files are as the manifest says, at most 8 MB, with a probe', async () => {
  const reader = folderBundle(SHIPPED);
  const shipped = await readManifest(reader);
  await verifyBundle(reader, shipped);
  const manifestBytes = (await readFile(`${SHIPPED}/bundle.json`)).length;
  const bytes = bundleFiles(shipped).reduce((sum, file) => sum + file.bytes, manifestBytes);
  expect(bytes).toBeLessThanOrEqual(8_000_000);
  expect(shipped.probe.length).toBeGreaterThan(0);
});

test('the adapter counts: without it the text tower differs, the vision tower does not', async () => {
  const { base } = await pair();
  const { writer } = memoryBundle();
  const shipped = await readManifest(folderBundle(SHIPPED));
  const alone = await convertCheckpoint({
    checkpoint: await openCheckpoint({ checkpoint: base }),
    writer,
    dtype: shipped.dtype,
  });
  for (const [index, stage] of alone.stages.entries()) {
    const same = stage.weights.sha256 === shipped.stages[index]!.weights.sha256;
    expect(same, stage.name).toBe(stage.kind === 'vision');
  }
});
