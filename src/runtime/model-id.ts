/** @file An identifier for everything embeddings depend on, so that vectors of different models are never compared. */

import { sha256Hex } from '../bundle/digest';
import type { BundleManifest } from '../bundle/manifest';
import type { Recipe } from '../recipes';

/**
 * SHA-256, in hex, over everything that decides a model's embeddings: weights, embedding table, tokenizer, settings for
 * pictures and prompts, and its recipe. The location of the bundle and the device have no part in it.
 */
export async function modelId(manifest: BundleManifest, recipe: Recipe): Promise<string> {
  const { architecture, dims, dtype, config, stages, embeddings, tokenizer } = manifest;
  const hashes = [...stages.map(({ weights }) => weights), embeddings, ...tokenizer.files].map(({ sha256 }) => sha256);
  const parts = [architecture, dims, dtype, config, hashes, ...askedParts(manifest, recipe)];
  return sha256Hex(new TextEncoder().encode(JSON.stringify(parts)));
}

/** A bundle of version 1 that is prompted as ever keeps the id by which photo indexes know it. */
function askedParts({ image, prompts, recipe: own }: BundleManifest, recipe: Recipe): unknown[] {
  if (own === null && recipe.name === 'vlm2vec') {
    const { plan: _plan, ...native } = image;
    const { imageToken, imageTokenId, maxTokens } = prompts;
    return [native, { imageToken, imageTokenId, separator: '\n', maxTokens }];
  }
  const { title: _title, hub: _hub, licence: _licence, source: _source, scores: _scores, ...asked } = recipe;
  return [image, prompts, asked];
}
