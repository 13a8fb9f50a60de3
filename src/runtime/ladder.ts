/**
 * @file Which device and activations to use. Rungs are tried from the fastest down; each must reproduce the bundle's
 * probe embeddings, so that a GPU that computes wrongly is never used silently.
 */

import { ProbeError, VLM2VecError, WebGPUUnavailableError } from '../errors';
import type { ProbeOutcome } from './probe';
import type { Activations, ActivationsChoice, Compute, DeviceChoice, DeviceName, RungReport } from './types';

/** One combination that can be tried. */
export interface Rung {
  device: DeviceName;
  activations: Activations;
  subgroups: boolean;
  compute: Compute;
}

export interface LadderRequest {
  device: DeviceChoice;
  activations: ActivationsChoice;
  /** The device without a GPU: `cpu` in Node, `wasm` in browsers. */
  fallback: 'cpu' | 'wasm';
  /** What the GPU offers, or null if none fits the bundle. */
  gpu: { f16: boolean; subgroups: boolean } | null;
  /** Full-precision weights were chosen for exactness: `auto` then keeps f32 activations. */
  exact: boolean;
  /** `fast` is tried first if there are kernels for it: on Node's CPU, and on GPUs with subgroups. @default 'exact' */
  compute?: Compute;
}

/**
 * The rungs to try, best first: f16, then f32 activations, then WebGPU without subgroups, then WASM or CPU. An explicit
 * `device` or `activations` is always respected. Empty if the request cannot be met.
 */
export function rungsFor({ device, activations, fallback, gpu, exact, compute }: LadderRequest): Rung[] {
  const rungs: Rung[] = [];
  if (gpu && (device === 'webgpu' || device === 'auto')) {
    const kinds: Activations[] = activations === 'auto' ? (exact ? ['f32'] : ['f16', 'f32']) : [activations];
    const usable = kinds.filter((kind) => kind === 'f32' || gpu.f16);
    const on = { device: 'webgpu', compute: 'exact' } as const;
    for (const kind of usable) {
      const { subgroups } = gpu;
      // Packed int8 products need subgroups; nothing is known about Node's own device.
      const hasInt8 = compute === 'fast' && (subgroups || fallback === 'cpu');
      if (hasInt8) rungs.push({ ...on, compute: 'fast', activations: kind, subgroups });
      rungs.push({ ...on, activations: kind, subgroups });
    }
    if (gpu.subgroups) {
      for (const kind of usable) rungs.push({ ...on, activations: kind, subgroups: false });
    }
  }
  if (device === fallback || device === 'auto') {
    const kind = activations === 'auto' ? 'f32' : activations;
    const on = { device: fallback, activations: kind, subgroups: false };
    if (compute === 'fast' && fallback === 'cpu' && kind === 'f32') rungs.push({ ...on, compute: 'fast' });
    rungs.push({ ...on, compute: 'exact' });
  }
  return rungs;
}

/** `webgpu f16 subgroups`: for messages and keys. */
export function rungName(rung: Rung): string {
  const { device, activations, subgroups, compute } = rung;
  return [device, activations, ...(subgroups ? ['subgroups'] : []), ...(compute === 'fast' ? [compute] : [])].join(' ');
}

/** What the caller must do to try one rung; fakes in tests. */
export interface Climber<T> {
  /** Builds the rung: device and sessions. */
  build(rung: Rung): Promise<T>;
  /** Compares with the probe; null when this rung is not probed. */
  check(built: T, rung: Rung): Promise<ProbeOutcome | null>;
  /** Frees a rung that failed. */
  discard(built: T): Promise<void>;
  /** The name of the rung that passed here before, if any. */
  remembered?: string | null;
  /** Once aborted, no further rung is tried. */
  signal?: AbortSignal;
}

export interface Climb<T> {
  built: T;
  rung: Rung;
  ladder: RungReport[];
}

/** A broken bundle or an abort is the same on every device; anything else may be the device's fault. */
function concernsDevice(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted) return false;
  return error instanceof WebGPUUnavailableError || !(error instanceof VLM2VecError);
}

/**
 * Tries the rungs in order until one passes.
 * @throws ProbeError if one computed wrongly and none correctly; WebGPUUnavailableError, or VLM2VecError, if none
 * could be set up. `details.ladder` has the result of each.
 */
export async function climb<T>(rungs: readonly Rung[], climber: Climber<T>): Promise<Climb<T>> {
  const known = rungs.findIndex((rung) => rungName(rung) === climber.remembered);
  const ladder: RungReport[] = [];
  let lastError: unknown;
  for (const [i, rung] of rungs.entries()) {
    if (i < known) continue;
    let built: T | undefined;
    const milliseconds: RungReport['milliseconds'] = { setUp: null, probe: null };
    const timed = async <R>(step: 'setUp' | 'probe', work: Promise<R>): Promise<R> => {
      const start = performance.now();
      const result = await work;
      if (result !== null) milliseconds[step] = performance.now() - start;
      return result;
    };
    try {
      built = await timed('setUp', climber.build(rung));
      if (i === known) {
        ladder.push({ ...rung, outcome: 'remembered', cosine: null, reason: null, milliseconds });
        return { built, rung, ladder };
      }
      const outcome = await timed('probe', climber.check(built, rung));
      if (!outcome || outcome.passed) {
        ladder.push({
          ...rung,
          outcome: outcome ? 'passed' : 'skipped',
          cosine: outcome?.cosine ?? null,
          reason: null,
          milliseconds,
        });
        return { built, rung, ladder };
      }
      ladder.push({ ...rung, outcome: 'failed', cosine: outcome.cosine, reason: outcome.reason, milliseconds });
    } catch (error) {
      if (built !== undefined) await climber.discard(built);
      if (!concernsDevice(error, climber.signal)) throw error;
      lastError = error;
      ladder.push({ ...rung, outcome: 'error', cosine: null, reason: firstLine(error), milliseconds });
      continue;
    }
    await climber.discard(built);
  }
  const tried = ladder.map((step) => `${rungName(step)}: ${step.reason ?? step.outcome}`).join('; ');
  if (ladder.some((step) => step.outcome === 'failed')) {
    throw new ProbeError(
      `No way of running the model on this device reproduced its probe embeddings (${tried}). ` +
        'Update the browser and the graphics driver, or choose another device.',
      { ladder },
    );
  }
  const isGpu = rungs.every((rung) => rung.device === 'webgpu');
  const Class = isGpu ? WebGPUUnavailableError : VLM2VecError;
  throw new Class(
    `The model could not be set up (${tried}). Choose another device, or a smaller model.`,
    { ladder },
    { cause: lastError },
  );
}

/** ORT's messages contain many lines of source positions. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.trim().split('\n', 1)[0]!;
  return line.length > 400 ? `${line.slice(0, 400)}…` : line;
}
