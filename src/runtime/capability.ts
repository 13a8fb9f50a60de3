/**
 * @file What a device can hold, as far as it reports this, determined before anything is downloaded or uploaded: single
 * weights, all weights together, and what a group of inputs needs while weights are streamed.
 */

import type { BundleManifest, WeightDtype } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { UnsupportedError, WebGPUUnavailableError } from '../errors';
import type { Activations, AdapterFacts, DeviceName, WeightsMode } from './types';

const MiB = 2 ** 20;
const GiB = 2 ** 30;

/**
 * Of the 4 GiB that WASM can address, the part that weights may take. The rest is for one stage being loaded, for
 * activations, and for the holes that they leave in a heap that never shrinks.
 */
const WASM_BYTES = 2.5 * GiB;
/**
 * The share of main memory that weights may take on the CPU; in a browser, other pages and the browser itself need
 * memory too.
 */
const MEMORY_SHARE = { cpu: 0.75, wasm: 0.5 };
/**
 * No browser reports the memory of a GPU. The largest buffer that it allows is the only figure that grows with it: 256
 * MiB to 1 GiB on phones, 2 to 4 GiB elsewhere. Twice that is assumed to be available.
 */
const GPU_BUFFERS = 2;
/** Activations of a group take at most this, and at most a sixteenth of main memory if that is known. */
const GROUP_BYTES = { most: 512 * MiB, unknown: 256 * MiB, share: 1 / 16 };

/**
 * The largest weight that this GPU holds, in bytes. ONNX Runtime splits a buffer above the binding limit for most
 * shaders but not for all, so each weight is checked against both limits.
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

type Stages = Pick<BundleManifest, 'stages'>;

/** What is known about a device. */
export interface Room {
  device: DeviceName;
  activations: Activations;
  /** Null on a CPU, and in Node, whose WebGPU reports nothing. */
  adapter: Pick<AdapterFacts, 'maxBufferSize'> | null;
  /** Main memory in bytes, as far as it is known; see `memory.ts`. */
  memory: number | null;
}

/** Where weights are kept on this device, unless the caller says. */
export function weightsFor({ stages, dtype }: Pick<BundleManifest, 'stages' | 'dtype'>, room: Room): WeightsMode {
  const stored = stages.reduce((sum, { weights }) => sum + weights.bytes, 0);
  return weightsOf({ stored, dtype }, room);
}

/** The same for weights that may not be there yet: `stored` bytes of both towers. */
export function weightsOf(weights: { stored: number; dtype: WeightDtype }, room: Room): WeightsMode {
  return weightBytes(weights, room) <= weightsRoom(room) ? 'resident' : 'streamed';
}

/** Smaller bundles on a server are downloaded again for each group; larger ones have to be stored. */
export const REMOTE_BYTES = 64e6;

/** @throws UnsupportedError for streamed weights that would come over the network, group after group */
export function expectNear({ label, isRemote }: Pick<BundleReader, 'label' | 'isRemote'>, { stages }: Stages): void {
  const bytes = stages.reduce((sum, { weights }) => sum + weights.bytes, 0);
  if (!isRemote || bytes < REMOTE_BYTES) return;
  throw new UnsupportedError(
    `The weights of ${label} are larger than this device can hold at once, or weights: 'streamed' was requested: then ` +
      `${Math.round(bytes / 1e6)} MB would be fetched for each group of inputs. Store the model first (store: true).`,
    { option: 'store', bytes },
  );
}

/** Bytes of weights that may be resident. */
export function weightsRoom({ device, adapter, memory }: Omit<Room, 'activations'>): number {
  if (device === 'webgpu' && adapter) return GPU_BUFFERS * adapter.maxBufferSize;
  if (device === 'wasm') return Math.min(WASM_BYTES, (memory ?? Infinity) * MEMORY_SHARE.wasm);
  return (memory ?? Infinity) * MEMORY_SHARE.cpu;
}

/** The bytes of both towers in memory: devices that compute in 32 bits unpack weights of 16. */
function weightBytes(
  { stored, dtype }: { stored: number; dtype: WeightDtype },
  { device, activations }: Pick<Room, 'device' | 'activations'>,
): number {
  return dtype === 'fp16' && (device !== 'webgpu' || activations === 'f32') ? 2 * stored : stored;
}

/** The bytes that the activations of a group may take while weights are streamed. */
export function groupBytes(memory: number | null): number {
  return memory === null ? GROUP_BYTES.unknown : Math.min(GROUP_BYTES.most, memory * GROUP_BYTES.share);
}

/** The most bytes of an input that are held between stages. */
export function activationBytes(sizes: ActivationSizes): number {
  const { pixels, features, tokens, hiddenSize, featureSize = hiddenSize } = sizes;
  // The vision tower's hidden state is up to 2.2 times as wide as a patch has numbers (Qwen2-VL: 1280 to 588).
  // In addition there is what later layers add.
  const seeing = 2.5 * pixels + features * (featureSize - hiddenSize);
  const reading = features * featureSize + tokens * hiddenSize;
  return 4 * (pixels + Math.max(seeing, reading));
}

/** Counts of numbers, not bytes. */
export interface ActivationSizes {
  /** In the patches of all pictures. */
  pixels: number;
  /** Rows that the vision tower returns. */
  features: number;
  /** Rows of the text tower. */
  tokens: number;
  hiddenSize: number;
  /** @default hiddenSize */
  featureSize?: number;
}
