/**
 * @file The GPU. We request the adapter and the device ourselves, with the adapter's real limits, so that shaders can
 * be patched, a loss is noticed, and `subgroups` is not requested if ONNX Runtime's kernels compute wrongly with it.
 */

import { WebGPUUnavailableError } from '../errors';
import { patchShaderModules } from './shaders';
import type { AdapterFacts } from './types';

/** ORT's flash attention reads subgroup lanes 4–7 unconditionally: with narrower subgroups its results are garbage. */
const SMALLEST_SUBGROUP = 8;

/** The limits that ORT's kernels and our buffers depend on. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** `fixed`: the remedies described here. `as-is`: none of them, the browser's default; for tests of the probe. */
export type AttentionMode = 'fixed' | 'as-is';

/** A device and what we know about it. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterFacts;
  readonly subgroups: boolean;
}

/** Why {@link requestAdapter} returned none, as a message to display. */
export function noWebGPU(
  gpu: GPU | undefined = globalThis.navigator?.gpu,
  isSecure: boolean | undefined = globalThis.isSecureContext,
): string {
  if (gpu) return 'This browser has WebGPU, but finds no GPU that it may use.';
  return isSecure === false
    ? 'Browsers only offer WebGPU to pages served over https or from localhost.'
    : 'This browser offers no WebGPU.';
}

/**
 * The adapter, or null if the browser has no WebGPU or offers no adapter. An adapter serves one device, so request one
 * each time.
 */
export async function requestAdapter(gpu: GPU | undefined = globalThis.navigator?.gpu): Promise<GPUAdapter | null> {
  if (!gpu) return null;
  try {
    return await gpu.requestAdapter({ powerPreference: 'high-performance' });
  } catch {
    return null;
  }
}

/** The adapter's identity, and the features and limits that matter, as plain data. */
export function adapterFacts(adapter: GPUAdapter): AdapterFacts {
  const { vendor, architecture, device, description, subgroupMinSize } = adapter.info;
  return {
    vendor,
    architecture,
    device,
    description,
    f16: adapter.features.has('shader-f16'),
    subgroupMinSize: adapter.features.has('subgroups') ? (subgroupMinSize ?? 0) : 0,
    maxBufferSize: adapter.limits.maxBufferSize,
    maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
  };
}

/** Whether subgroups may be used on this adapter at all. */
export function subgroupsUsable(facts: AdapterFacts): boolean {
  return facts.subgroupMinSize >= SMALLEST_SUBGROUP;
}

/**
 * A device of this adapter with all its limits.
 * @throws WebGPUUnavailableError if the browser refuses.
 */
export async function requestGpu(
  adapter: GPUAdapter,
  { subgroups, attention = 'fixed' }: { subgroups: boolean; attention?: AttentionMode },
): Promise<Gpu> {
  const facts = adapterFacts(adapter);
  const withSubgroups =
    attention === 'as-is' ? subgroups && facts.subgroupMinSize > 0 : subgroups && subgroupsUsable(facts);
  const requiredFeatures: GPUFeatureName[] = [];
  if (facts.f16) requiredFeatures.push('shader-f16');
  if (withSubgroups) requiredFeatures.push('subgroups');
  const requiredLimits: Record<string, number> = {};
  for (const name of LIMITS) requiredLimits[name] = adapter.limits[name];

  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  } catch (cause) {
    throw new WebGPUUnavailableError(
      `The browser refused a WebGPU device (${String(cause)}). Use device: 'wasm', or reload the page.`,
      { vendor: facts.vendor, architecture: facts.architecture },
      { cause },
    );
  }
  if (withSubgroups && attention === 'fixed') patchShaderModules(device);
  return { device, adapter: facts, subgroups: withSubgroups };
}
