import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BundleManifest, WeightDtype } from '../bundle/manifest';
import { decodeRow } from '../bundle/rows';
import type { BundleReader } from '../bundle/storage';
import { bundleFiles } from '../bundle/validate';
import type { Checkpoint } from '../checkpoint';
import { openCheckpoint } from './open';
import { folderTree } from '../checkpoint/folder.node';
import { IntegrityError } from '../errors';
import { bundleBackbone, planStages } from '../models';
import { readManifest, verifyBundle } from '../store';
import { folderBundle, folderWriter } from '../store/folder.node';
import {
  adapterPath,
  checkpointPath,
  expectedModel,
  maxDifference,
  MODEL_NAMES,
  modelParts,
  type ModelName,
} from '../testing/fixtures';
import { convertCheckpoint } from './convert';

let base: string;
beforeEach(async () => (base = await mkdtemp(join(tmpdir(), 'convert-test-'))));
afterEach(() => rm(base, { recursive: true }));

async function open(name: ModelName): Promise<Checkpoint> {
  const { checkpoint, adapter } = modelParts(name);
  return openCheckpoint({
    checkpoint: await folderTree(checkpointPath(checkpoint)),
    ...(adapter ? { adapter: await folderTree(adapterPath(adapter)) } : {}),
  });
}

async function convert(
  name: ModelName,
  dtype: WeightDtype,
): Promise<{ manifest: BundleManifest; reader: BundleReader }> {
  const out = join(base, 'model');
  const manifest = await convertCheckpoint({ checkpoint: await open(name), writer: await folderWriter(out), dtype });
  return { manifest, reader: folderBundle(out) };
}

async function storedMatrix({ manifest, reader }: { manifest: BundleManifest; reader: BundleReader }, name: string) {
  for (const stage of manifest.stages) {
    const tensor = stage.tensors.find((each) => each.name === name);
    if (!tensor) continue;
    const file = await reader.open(stage.weights.path);
    const bytes = await file.read(tensor.offset, tensor.offset + tensor.bytes);
    return { columns: tensor.shape[1]!, values: new Float32Array(bytes.buffer) };
  }
  throw new Error(`no ${name}`);
}

const bytesOf = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

test.each(MODEL_NAMES)('%s: an fp32 bundle holds the merged checkpoint, as PEFT merges it', async (name) => {
  const bundle = await convert(name, 'fp32');
  const { tensors } = await open(name);
  for (const weight of planStages(bundleBackbone(bundle.manifest, { head: null }), () => 0).flatMap(
    (stage) => stage.weights,
  )) {
    if (weight.rowTransform !== 'none') continue;
    const { values } = await storedMatrix(bundle, weight.name);
    const parts = await Promise.all(
      weight.parts.map(async (part) => bytesOf(await tensors.readRows(part, 0, tensors.info(part)!.shape[0]!))),
    );
    expect(Buffer.concat(parts).equals(bytesOf(values)), weight.name).toBe(true);
  }
  for (const [tensor, { rowNorms, firstRow }] of expectedModel(name).merged ?? []) {
    if (/\.[qkv]_proj/.test(tensor)) continue; // these are rows of a joined matrix
    const { columns, values } = await storedMatrix(bundle, tensor.replace(/^model\./, ''));
    const norms = Array.from(rowNorms, (_, row) => Math.hypot(...values.subarray(row * columns, (row + 1) * columns)));
    expect(Math.max(...norms.map((norm, row) => Math.abs(norm / rowNorms[row]! - 1)))).toBeLessThan(1e-5);
    expect(maxDifference(values.subarray(0, columns), firstRow)).toBeLessThan(1e-6);
  }
});

test.each(['fp32', 'fp16', 'q8', 'q4'] as const)(
  '%s: the bundle reads back, verifies, and its rows decode',
  async (dtype) => {
    const { manifest, reader } = await convert('tiny-tied+dora', dtype);
    expect(await readManifest(reader)).toEqual(manifest);
    await verifyBundle(reader, manifest);
    const { tensors } = await open('tiny-tied+dora');
    const { embeddings: table } = manifest;
    const file = await reader.open(table.path);
    const tolerance = { fp32: 0, fp16: 2 ** -11, q8: 0.01, q4: 0.12 }[dtype];
    for (const row of [0, 100, table.rows - 1]) {
      const wanted = await tensors.readRows('model.embed_tokens.weight', row, 1);
      const bytes = await file.read(row * table.rowBytes, (row + 1) * table.rowBytes);
      const actual = decodeRow(table, bytes, new Float32Array(table.columns));
      const error = Math.hypot(...wanted.map((value, i) => value - actual[i]!));
      expect(error).toBeLessThanOrEqual(tolerance * Math.hypot(...wanted));
    }
  },
);

test('a bit flipped in any file on disk is found', async () => {
  const { manifest, reader } = await convert('tiny-tied', 'q4');
  const out = join(base, 'model');
  expect((await readdir(out)).sort()).toEqual(['bundle.json', ...bundleFiles(manifest).map(({ path }) => path)].sort());
  for (const { path } of bundleFiles(manifest)) {
    const bytes = await readFile(join(out, path));
    const at = Math.floor(bytes.length / 3);
    bytes[at]! ^= 4;
    await writeFile(join(out, path), bytes);
    await expect(verifyBundle(reader, manifest)).rejects.toThrow(IntegrityError);
    bytes[at]! ^= 4;
    await writeFile(join(out, path), bytes);
  }
  await verifyBundle(reader, manifest);
});
