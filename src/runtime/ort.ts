/**
 * @file Loads ONNX Runtime: `onnxruntime-node` in Node; in browsers the JSPI build where the engine can suspend WASM,
 * else the asyncify build, and the small build without WebGPU when only WASM is wanted.
 */

import type { Env, InferenceSession, InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common';
import { UnsupportedError } from '../errors';
import { isNode } from './environment';
import type { OrtBuild } from './types';

/** The part of ONNX Runtime we use; the same in every build. */
export interface Ort {
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
  readonly env: Env;
}

export type Session = InferenceSession;

export interface OrtOptions {
  /** Where the `.wasm` (and `.mjs`) files lie, if not beside the script; passed to `env.wasm.wasmPaths`. */
  wasmPaths?: Env.WasmPrefixOrFilePaths;
  /**
   * CPU threads. Default with WASM: half the cores, at most 8, where the page is cross-origin isolated, else 1; in
   * Node as many as ORT thinks good.
   */
  numThreads?: number;
}

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

async function importBuild(build: OrtBuild): Promise<Ort> {
  switch (build) {
    case 'node': {
      const module = (await import('onnxruntime-node')) as unknown as Ort & { default?: Ort };
      return module.default ?? module;
    }
    case 'jspi':
      return (await import('onnxruntime-web/jspi')) as unknown as Ort;
    case 'asyncify':
      return (await import('onnxruntime-web/webgpu')) as unknown as Ort;
    case 'wasm':
      return (await import('onnxruntime-web/wasm')) as unknown as Ort;
  }
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
        `wasmPaths and numThreads cannot change once ONNX Runtime runs here (they were ${before.options}); ` +
          'use the same, or a worker per model.',
        { option: 'wasmPaths' },
      );
    }
    return before.ort;
  }
  const ort = importBuild(build).then((module) => {
    module.env.logLevel = 'error';
    if (!isNode) {
      module.env.wasm.numThreads = numThreads ?? wasmThreads();
      if (wasmPaths !== undefined) module.env.wasm.wasmPaths = wasmPaths;
    }
    return module;
  });
  ort.catch(() => loaded.delete(build));
  loaded.set(build, { ort, options });
  return ort;
}
