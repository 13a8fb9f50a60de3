/** @file Which of the site's files the service worker keeps when. */

/** Not every visitor needs them: builds of ONNX Runtime, decoders of rare formats, names of places and the map of them, another library to compare with. Kept when they are first used. */
export function isLarge(url: string): boolean {
  return /(^|\/)assets\/(ort[.-]|rival|places-|world-|[^/]*heif)|\.wasm$/i.test(url);
}

/** In the file names of ONNX Runtime's builds. */
const MARKS: Record<string, RegExp> = {
  wasm: /\/ort(\.wasm\.bundle|-wasm-simd-threaded-)/,
  jspi: /\/ort(\.jspi\.bundle|-wasm-simd-threaded\.jspi)/,
  asyncify: /\/ort(\.webgpu\.bundle|-wasm-simd-threaded\.asyncify)/,
};

/** The files of one build; none for a build that is not known. */
export function engineFiles(urls: readonly string[], build: string): string[] {
  const mark = MARKS[build];
  return mark ? urls.filter((url) => mark.test(url)) : [];
}
