/** @file A name for what embeddings depend on, so that vectors of different models are never compared. */

import { sha256Hex } from '../bundle/digest';
import type { BundleManifest } from '../bundle/manifest';

/**
 * SHA-256, in hex, over everything of a bundle that decides its embeddings: weights, embedding table, tokenizer, and the
 * settings for pictures and prompts. Where the bundle lies and what it runs on have no part in it.
 */
export async function modelId({
  architecture,
  dims,
  dtype,
  config,
  stages,
  embeddings,
  tokenizer,
  image,
  prompts,
}: BundleManifest) {
  const hashes = [...stages.map(({ weights }) => weights), embeddings, ...tokenizer.files].map(({ sha256 }) => sha256);
  return sha256Hex(
    new TextEncoder().encode(JSON.stringify([architecture, dims, dtype, config, hashes, image, prompts])),
  );
}
