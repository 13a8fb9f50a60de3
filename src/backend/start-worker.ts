/** @file Starts a worker that runs a model, as bundlers know it. Apart, since Node's bundlers would look for the file. */

export function startModelWorker(): Worker {
  return new Worker(new URL('../../workers/vlm2vec.worker.ts', import.meta.url), { type: 'module' });
}
