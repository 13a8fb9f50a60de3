import { expect, test } from 'vitest';
import type { BundleManifest } from '../bundle/manifest';
import { recipeNamed } from '../recipes';
import { readManifest } from '../store';
import { folderBundle } from '../store/folder.node';
import { modelId } from './model-id';

test('a model’s id changes with whatever changes its embeddings, and with nothing else', async () => {
  const manifest = await readManifest(folderBundle('public/models/nano'));
  const id = await modelId(manifest, recipeNamed('vlm2vec'));
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  const same = (change: Partial<BundleManifest>) =>
    modelId({ ...manifest, ...change }, recipeNamed('vlm2vec')).then((other) => other === id);
  expect(await same({ probe: [], source: { base: { id: 'elsewhere', revision: null }, adapter: null } })).toBe(true);
  expect(await same({ image: { ...manifest.image, maxPixels: 1 } })).toBe(false);
  expect(await same({ embeddings: { ...manifest.embeddings, sha256: '0'.repeat(64) } })).toBe(false);
  // The id that photo indexes made with version 0.1.0 contain.
  expect(id).toBe('801d517e727da5d70159ec8c6f2381701f1ea0fc585bd2b526eccbb6b704900a');
  const b3 = await modelId(manifest, recipeNamed('b3'));
  expect(b3).not.toBe(id);
  const [first, ...rest] = manifest.stages;
  const weights = { ...first!.weights, sha256: '0'.repeat(64) };
  expect(await same({ stages: [{ ...first!, weights }, ...rest] })).toBe(false);
});
