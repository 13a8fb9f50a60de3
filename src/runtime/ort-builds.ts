/**
 * @file ONNX Runtime's builds for browsers, as found by the source code. In the npm package `ort-builds.package.ts`
 * replaces this file.
 */

import type { OrtBuild } from './types';

export type BrowserBuild = Exclude<OrtBuild, 'node'>;

export interface ImportedBuild {
  module: unknown;
  /** Address of its `.wasm`, where it could not find that by itself. */
  wasm?: string;
}

export async function importBrowserBuild(build: BrowserBuild): Promise<ImportedBuild> {
  switch (build) {
    case 'jspi':
      return { module: await import('onnxruntime-web/jspi') };
    case 'asyncify':
      return { module: await import('onnxruntime-web/webgpu') };
    case 'wasm':
      return { module: await import('onnxruntime-web/wasm') };
  }
}
