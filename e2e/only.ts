/**
 * @file Details of tests that one project suffices for. The other does not list them: to skip a test within its function
 * would be to open a page first.
 */

/** No GPU is involved, or the same files are tested, whichever device runs the model. */
export const WASM_ONLY = { tag: '@wasm' };
/** Needs an adapter. */
export const WEBGPU_ONLY = { tag: '@webgpu' };
