/** @file Which of the site's files the service worker stores, and when. */

/**
 * Files that not every visitor needs: builds of ONNX Runtime, decoders of rare formats, place names and their map,
 * another library for comparison. Stored when they are first used.
 */
export function isLarge(url: string): boolean {
  return /(^|\/)assets\/(ort[.-]|rival|places-|world-|[^/]*heif)|\.wasm$/i.test(url);
}

/** In the file names of ONNX Runtime's builds. */
const MARKS: Record<string, RegExp> = {
  wasm: /\/ort(\.wasm\.bundle|-wasm-simd-threaded-)/,
  jspi: /\/ort(\.jspi\.bundle|-wasm-simd-threaded\.jspi)/,
  asyncify: /\/ort(\.webgpu\.bundle|-wasm-simd-threaded\.asyncify)/,
};

/** The files of one build; none for an unknown build. */
export function engineFiles(urls: readonly string[], build: string): string[] {
  const mark = MARKS[build];
  return mark ? urls.filter((url) => mark.test(url)) : [];
}
