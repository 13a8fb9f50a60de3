/**
 * @file Code that `siglip.ts` runs in a page: it loads one of the two libraries on WASM with one thread, then runs its jobs.
 */

import { VLM2Vec } from '../../src/index';
import { JOBS, type JobName } from './siglip-jobs';
import { loadRival, type Encoder, type RivalDtype } from './siglip-rival';

let encoder: Encoder;

export async function loadOurs(url: string): Promise<void> {
  const options = { device: 'wasm', numThreads: 1, probe: 'never', store: false, text: 'later' } as const;
  const model = await VLM2Vec.load(url, options);
  encoder = { texts: (texts) => model.embed(texts), picture: (image) => model.embed({ image }) };
}

export async function loadTheirs(options: {
  from: string;
  dtype: RivalDtype;
  towers: 'both' | 'vision';
}): Promise<void> {
  const { env } = await import('@huggingface/transformers');
  const { default: wasm } = await import('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url');
  const ort = env.backends.onnx.wasm!;
  ort.wasmPaths = { wasm: new URL(wasm, location.href).href };
  ort.numThreads = 1;
  encoder = await loadRival({ ...options, device: 'wasm' });
}

export async function run(job: JobName): Promise<{ seconds: number; vectors: number[][] }> {
  const began = performance.now();
  const vectors = await JOBS[job](encoder);
  return { seconds: (performance.now() - began) / 1000, vectors: vectors.map((each) => [...each]) };
}
