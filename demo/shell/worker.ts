/**
 * @file The worker that a model runs in, restricted by this page's content security policy. A policy in a `<meta>`
 * applies to the page only: a worker whose script comes from the network has the policy of that response's headers,
 * which a static host cannot set. A worker whose script is a `blob:` inherits the policy of the page that made it, so
 * each worker here starts from a blob of one line that imports the script.
 */
import modelWorkerUrl from '../../workers/vlm2vec.worker.ts?worker&url';

/** Starts a module worker that may connect where this page may, and nowhere else. */
export function startConfined(script: string | URL): Worker {
  const line = `import ${JSON.stringify(new URL(script, document.baseURI).href)};`;
  const url = URL.createObjectURL(new Blob([line], { type: 'text/javascript' }));
  const worker = new Worker(url, { type: 'module' });
  // Read once the first message has come; sooner than that it may still be needed.
  worker.addEventListener('message', () => URL.revokeObjectURL(url), { once: true });
  return worker;
}

let early: Worker | null = null;

/** Starts the worker that the page's model will run in before there is anything to load: it takes a third of a second. */
export function startModelWorkerEarly(): void {
  const worker = startConfined(modelWorkerUrl);
  // Where it did not start, one that is started later says why.
  worker.addEventListener('error', () => (early = early === worker ? null : early), { once: true });
  early = worker;
}

/** For `VLM2Vec.load(…, { worker: startModelWorker })` and `models.add`. */
export function startModelWorker(): Worker {
  const worker = early ?? startConfined(modelWorkerUrl);
  early = null;
  return worker;
}
