/** @file Whether a bundle's tensors fit a GPU, checked before anything is downloaded or uploaded. */

import type { BundleManifest } from '../bundle/manifest';
import { WebGPUUnavailableError } from '../errors';
import type { AdapterFacts } from './types';

/**
 * The largest weight that this GPU holds, in bytes. ONNX Runtime splits a buffer above the binding limit for most shaders
 * but not for all, so each weight is held to both limits.
 */
export function largestWeight({ maxBufferSize, maxStorageBufferBindingSize }: AdapterFacts): number {
  return Math.min(maxBufferSize, maxStorageBufferBindingSize);
}

/** Why this GPU cannot hold the bundle, or null when it can. */
export function tooSmallFor(manifest: BundleManifest, adapter: AdapterFacts): WebGPUUnavailableError | null {
  const limit = largestWeight(adapter);
  for (const stage of manifest.stages) {
    for (const tensor of stage.tensors) {
      if (tensor.bytes <= limit) continue;
      return new WebGPUUnavailableError(
        `Weight '${tensor.name}' of stage ${stage.name} needs ${tensor.bytes} bytes in one GPU buffer; this GPU allows ` +
          `${limit}. A smaller dtype may fit.`,
        { tensor: tensor.name, bytes: tensor.bytes, limit },
      );
    }
  }
  return null;
}
