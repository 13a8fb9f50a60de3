/** @file Which of the site's files the service worker stores, and when. */

/**
 * Files that not every visitor needs: builds of ONNX Runtime, decoders of rare formats, place names and the land of
 * their map, another library for comparison. Stored when they are first used, or asked for.
 */
export function isLarge(url: string): boolean {
  return /(^|\/)assets\/(ort[.-]|rival|[^/]*heif)|(^|\/)assets\/(places|world)-[^/]*\.bin$|\.wasm$/i.test(url);
}

/** In the file names of ONNX Runtime's builds, and of what the map of places needs. */
const MARKS: Record<string, RegExp> = {
  wasm: /\/ort(\.wasm\.bundle|-wasm-simd-threaded-)/,
  jspi: /\/ort(\.jspi\.bundle|-wasm-simd-threaded\.jspi)/,
  asyncify: /\/ort(\.webgpu\.bundle|-wasm-simd-threaded\.asyncify)/,
  places: /\/(places|world)-[^/]*\.bin$/,
};

/** The large files of a part: a build of ONNX Runtime, or `places`; none for a part that is not known. */
export function filesOf(urls: readonly string[], part: string): string[] {
  const mark = MARKS[part];
  return mark ? urls.filter((url) => mark.test(url)) : [];
}
