/**
 * @file Loads ONNX Runtime: `onnxruntime-node` in Node; in browsers the JSPI build if the engine can suspend WASM,
 * else the asyncify build, and the small build without WebGPU when only WASM is wanted.
 */

import type { Env, InferenceSession, InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common';
import { UnsupportedError, type VLM2VecError } from '../errors';
import { importing, whyNotLoaded } from '../net';
import { missingPackage } from '../missing-package';
import { isNode } from '../environment';
import { importBrowserBuild, type BrowserBuild } from './ort-builds';
import type { OrtBuild } from './types';

/** The part of ONNX Runtime we use; the same in every build. */
export interface Ort {
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
  readonly env: Env;
}

export type Session = InferenceSession;

/** Addresses of ONNX Runtime's files, as it names them itself. */
export interface WasmFilePaths {
  /** The `.wasm` that will be loaded. */
  wasm?: string | URL;
  /** What starts it; part of the package's own script, and needed only with a build of your own. */
  mjs?: string | URL;
}

export interface OrtOptions {
  /**
   * Browser: where ONNX Runtime's `.wasm` files lie, if not beside the script or where a bundler put them: their folder, or
   * the address of the one that will be loaded (`{ wasm }`). Relative ones count from the page.
   */
  wasmPaths?: string | URL | WasmFilePaths;
  /**
   * CPU threads. Default with WASM: half the cores, at most 8, where the page is cross-origin isolated, else 1; in
   * Node as many as ORT thinks good.
   */
  numThreads?: number;
}

/** The `.wasm` that each build loads. */
const WASM_FILES: Readonly<Record<BrowserBuild, string>> = {
  jspi: 'ort-wasm-simd-threaded.jspi.wasm',
  asyncify: 'ort-wasm-simd-threaded.asyncify.wasm',
  wasm: 'ort-wasm-simd-threaded.wasm',
};

/** The browser build for a device: the one that can suspend natively is smaller and reads Blobs piecewise. */
export function browserBuild(device: 'webgpu' | 'wasm'): OrtBuild {
  if (device === 'wasm') return 'wasm';
  return 'Suspending' in WebAssembly ? 'jspi' : 'asyncify';
}

/** Threads that WASM can use here. */
export function wasmThreads(): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return Math.max(1, Math.min(8, Math.ceil((globalThis.navigator?.hardwareConcurrency ?? 1) / 2)));
}

interface Loaded {
  ort: Promise<Ort>;
  /** What the build was started with, as text. */
  options: string;
}

const loaded = new Map<OrtBuild, Loaded>();

async function importBuild(build: OrtBuild, { wasmPaths, numThreads }: OrtOptions): Promise<Ort> {
  if (build === 'node') {
    const { switchOffOrtTelemetry } = await import('./ort-telemetry.node.js');
    await switchOffOrtTelemetry();
    const module = (await import('onnxruntime-node').catch((cause: unknown) => {
      throw missingPackage('onnxruntime-node', 'Running models in Node needs', cause);
    })) as unknown as Ort & { default?: Ort };
    return module.default ?? module;
  }
  const { module, wasm } = await importing(() => importBrowserBuild(build));
  const ort = module as Ort;
  ort.env.wasm.numThreads = numThreads ?? wasmThreads();
  if (typeof wasmPaths === 'string' || wasmPaths instanceof URL) {
    ort.env.wasm.wasmPaths = { wasm: new URL(WASM_FILES[build], wasmPaths) };
  } else if (wasmPaths ?? wasm) {
    ort.env.wasm.wasmPaths = wasmPaths ?? { wasm };
  }
  return ort;
}

/**
 * If ONNX Runtime did not start because its `.wasm` did not load: an error that names its address. Null for any other
 * failure.
 */
export async function wasmMissing(ort: Ort, since: number, cause: unknown): Promise<VLM2VecError | null> {
  if (!(cause instanceof Error) || !/no available backend/i.test(cause.message)) return null;
  const { wasmPaths } = ort.env.wasm;
  const given = typeof wasmPaths === 'object' ? wasmPaths.wasm : undefined;
  return whyNotLoaded('wasm', { url: given === undefined ? undefined : String(given), since, cause });
}

/**
 * Loads a build, once per process (worker, page): browsers' ORT reads its options at start-up only.
 * @throws UnsupportedError for options that differ from those the build was started with, or make no sense here
 */
export function loadOrt(build: OrtBuild, { wasmPaths, numThreads }: OrtOptions = {}): Promise<Ort> {
  if (isNode && wasmPaths !== undefined) {
    throw new UnsupportedError('wasmPaths: Node runs no WASM; leave the option out.', { option: 'wasmPaths' });
  }
  const options = isNode ? '' : JSON.stringify({ wasmPaths, numThreads });
  const before = loaded.get(build);
  if (before) {
    if (before.options !== options && options !== '{}') {
      throw new UnsupportedError(
        `wasmPaths and numThreads cannot change once ONNX Runtime is running (they were ${before.options}); ` +
          'use the same values, or one worker per model.',
        { option: 'wasmPaths' },
      );
    }
    return before.ort;
  }
  const ort = importBuild(build, { wasmPaths, numThreads }).then((module) => {
    module.env.logLevel = 'error';
    return module;
  });
  ort.catch(() => loaded.delete(build));
  loaded.set(build, { ort, options });
  return ort;
}
