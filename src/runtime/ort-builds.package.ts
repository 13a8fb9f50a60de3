/**
 * @file ONNX Runtime's builds for browsers, as included in the npm package: beside its own scripts, unchanged.
 *
 * Bundlers must copy these files without processing them: ONNX Runtime starts threads from its own file and derives the
 * addresses of other files from `import.meta.url`, and bundlers change both, each in a different way. So each file is
 * given as `new URL('literal', import.meta.url)`, which all bundlers treat as an asset, whatever name they give it.
 */

import type { BrowserBuild, ImportedBuild } from './ort-builds';

export async function importBrowserBuild(build: BrowserBuild): Promise<ImportedBuild> {
  const { script, wasm } = addresses(build);
  const address = whole(script);
  const module: unknown = await import(
    /* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ address
  );
  return { module, wasm: whole(wasm) };
}

/** Some bundlers leave addresses without an origin. */
const whole = (url: URL) => new URL(url.href, globalThis.location.href).href;

function addresses(build: BrowserBuild): { script: URL; wasm: URL } {
  switch (build) {
    case 'jspi':
      return {
        script: new URL('./ort.jspi.bundle.min.js', import.meta.url),
        wasm: new URL('./ort-wasm-simd-threaded.jspi.wasm', import.meta.url),
      };
    case 'asyncify':
      return {
        script: new URL('./ort.webgpu.bundle.min.js', import.meta.url),
        wasm: new URL('./ort-wasm-simd-threaded.asyncify.wasm', import.meta.url),
      };
    case 'wasm':
      return {
        script: new URL('./ort.wasm.bundle.min.js', import.meta.url),
        wasm: new URL('./ort-wasm-simd-threaded.wasm', import.meta.url),
      };
  }
}
