/** @file Where a model could run here: what is offered to be measured. */

import { adapterFacts, isNode, requestAdapter } from '../runtime';
import type { RungWish } from './measure';

/** The kinds of devices and activations that this browser or Node has, fastest first. None of them is tried yet. */
export async function rungsHere(): Promise<RungWish[]> {
  if (isNode) return [{ device: 'cpu', activations: 'f32' }];
  const adapter = await requestAdapter();
  const onGpu: RungWish[] = !adapter
    ? []
    : [
        ...(adapterFacts(adapter).f16 ? [{ device: 'webgpu', activations: 'f16' } as const] : []),
        { device: 'webgpu', activations: 'f32' },
      ];
  return [...onGpu, { device: 'wasm', activations: 'f32' }];
}
