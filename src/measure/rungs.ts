/** @file Where a model could run here: what is offered to be measured. */

import { adapterFacts, isNode, requestAdapter, subgroupsUsable } from '../runtime';
import type { RungWish } from './measure';

/** The kinds of devices and activations that this browser or Node has, fastest first. None of them is tried yet. */
export async function rungsHere(): Promise<RungWish[]> {
  if (isNode) return [{ device: 'cpu', activations: 'f32' }];
  const adapter = await requestAdapter();
  const facts = adapter && adapterFacts(adapter);
  const kinds = !facts ? [] : facts.f16 ? (['f16', 'f32'] as const) : (['f32'] as const);
  const onGpu: RungWish[] = kinds.map((activations) => ({ device: 'webgpu', activations }));
  // Packed int8 products: never taken unasked.
  if (facts && subgroupsUsable(facts)) onGpu.push({ device: 'webgpu', activations: kinds[0]!, compute: 'fast' });
  return [...onGpu, { device: 'wasm', activations: 'f32' }];
}
