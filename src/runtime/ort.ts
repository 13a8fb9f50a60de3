/**
 * @file Loads ONNX Runtime: `onnxruntime-node` in Node; in browsers the JSPI build where the engine can suspend WASM,
 * else the asyncify build, and the small build without WebGPU when only WASM is wanted.
 */

import type { Env, InferenceSession, InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common';
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
  /** WASM threads. Default: half the cores, at most 8, where the page is cross-origin isolated; else 1. */
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

const loaded = new Map<OrtBuild, Promise<Ort>>();

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

/** Loads a build once per process. `options` count only for the call that loads it: ORT reads them at start-up. */
export function loadOrt(build: OrtBuild, options: OrtOptions = {}): Promise<Ort> {
  let ort = loaded.get(build);
  if (!ort) {
    ort = importBuild(build).then((module) => {
      module.env.logLevel = 'error';
      if (!isNode) {
        module.env.wasm.numThreads = options.numThreads ?? wasmThreads();
        if (options.wasmPaths !== undefined) module.env.wasm.wasmPaths = options.wasmPaths;
      }
      return module;
    });
    ort.catch(() => loaded.delete(build));
    loaded.set(build, ort);
  }
  return ort;
}
