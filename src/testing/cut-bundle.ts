/** @file A bundle cut anew, as if weight files were smaller (Node only). */

import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FileHasher } from '../bundle/hash';
import { MANIFEST_PATH, type BundleFile, type BundleManifest, type BundleStage } from '../bundle/manifest';
import { bundleBackbone, buildStageGraph, cutStage } from '../models';

/** Copies the bundle in `from` to `to` with every stage cut between its steps, into parts of `maxBytes` at most. */
export async function cutBundle(from: string, to: string, maxBytes: number): Promise<BundleManifest> {
  const manifest = JSON.parse(await readFile(path.join(from, MANIFEST_PATH), 'utf8')) as BundleManifest;
  const backbone = bundleBackbone(manifest, { head: null });
  await mkdir(to, { recursive: true });
  await cp(from, to, { recursive: true });
  const counts = { vision: 0, text: 0 };
  const stages: BundleStage[] = [];
  for (const stage of manifest.stages) {
    const whole = await readFile(path.join(from, stage.weights.path));
    for (const file of [stage.weights, stage.graph]) await rm(path.join(to, file.path));
    for (const part of cutStage(backbone, stage, maxBytes)) {
      const name = `${part.kind}.${counts[part.kind]++}`;
      const start = Math.min(...part.tensors.map(({ offset }) => offset));
      const end = Math.max(...part.tensors.map(({ offset, bytes }) => offset + bytes));
      const tensors = part.tensors.map((tensor) => ({ ...tensor, offset: tensor.offset - start }));
      const weights = await write(to, `cut.${name}.bin`, whole.subarray(start, end));
      const model = buildStageGraph(backbone, { ...part, weights, tensors }, { activations: 'f32' });
      stages.push({ ...part, name, tensors, weights, graph: await write(to, `cut.${name}.onnx`, model) });
    }
  }
  const result = { ...manifest, stages };
  await writeFile(path.join(to, MANIFEST_PATH), JSON.stringify(result));
  return result;
}

async function write(folder: string, name: string, bytes: Uint8Array): Promise<BundleFile> {
  await writeFile(path.join(folder, name), bytes);
  const hasher = await FileHasher.create();
  hasher.update(bytes);
  return hasher.finish(name);
}
