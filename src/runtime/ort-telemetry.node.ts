/**
 * @file Keeps `onnxruntime-node` silent. On Linux and macOS it otherwise keeps a device id and an event database in the
 * user's cache folder and sends names of graphs, counts of runs, OS and CPU to its vendor. It reads the variable
 * `ORT_DISABLE_TELEMETRY` from the process's environment when the first session of the process is created, never again.
 */

import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { UnsupportedError } from '../errors';

const VARIABLE = 'ORT_DISABLE_TELEMETRY';
/** ONNX Runtime's native part as Node's module cache names it, of whichever copy of the package. */
const NATIVE_PART = /onnxruntime_binding\.node$/;
const ANSWER_MS = 3000;

/** The situation when the variable was set. */
interface Before {
  wasOff: boolean;
  /** ONNX Runtime was loaded: a session may have started its telemetry. */
  wasLoaded: boolean;
}

const require = createRequire(import.meta.url);
const isLoadedHere = (): boolean => Object.keys(require.cache).some((file) => NATIVE_PART.test(file));

function switchOffHere(): Before {
  const before = { wasOff: process.env[VARIABLE] === '1', wasLoaded: isLoadedHere() };
  process.env[VARIABLE] = '1';
  return before;
}

/** The same as `switchOffHere`, for another thread to run. */
const SWITCH_OFF = `(() => {
  const wasOff = process.env.${VARIABLE} === '1';
  process.env.${VARIABLE} = '1';
  return { wasOff, wasLoaded: Object.keys(require.cache).some((file) => ${NATIVE_PART}.test(file)) };
})()`;

/**
 * A worker thread's `process.env` is a copy that native code does not see: only the main thread's is the process's. The
 * inspector's protocol reaches it from within the process, without opening a port.
 */
async function switchOffInMainThread(): Promise<Before> {
  const { Session } = await import('node:inspector'); // not in every build of Node
  const session = new Session();
  return new Promise<Before>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the main thread does not answer')), ANSWER_MS);
    session.connectToMainThread();
    const parameters = { expression: SWITCH_OFF, includeCommandLineAPI: true, returnByValue: true };
    session.post('Runtime.evaluate', parameters, (error, answer?: { result?: { value?: Before } }) => {
      clearTimeout(timer);
      const value = answer?.result?.value;
      if (value) resolve(value);
      else reject(new Error(error?.message ?? 'the main thread cannot evaluate'));
    });
  }).finally(() => session.disconnect());
}

async function switchOffFromWorker(): Promise<Before> {
  const { wasOff, wasLoaded } = switchOffHere();
  try {
    const main = await switchOffInMainThread();
    return { wasOff: main.wasOff, wasLoaded: wasLoaded || main.wasLoaded };
  } catch (cause) {
    // A copy that has the variable most likely got it from the main thread.
    if (wasOff) return { wasOff, wasLoaded };
    throw new UnsupportedError(
      `Models in this worker thread: ONNX Runtime's telemetry cannot be switched off from here. Set ${VARIABLE}=1 in ` +
        'the environment of the process, or in process.env of its main thread before the worker starts.',
      { variable: VARIABLE },
      { cause },
    );
  }
}

/**
 * Switches ONNX Runtime's telemetry off for the whole process, whatever the variable said; await it before ONNX
 * Runtime is loaded. A process that had loaded it before is warned, since telemetry that runs cannot be stopped.
 * @throws UnsupportedError in a worker thread that cannot reach the process's environment
 */
export async function switchOffOrtTelemetry(): Promise<void> {
  const { wasOff, wasLoaded } = isMainThread ? switchOffHere() : await switchOffFromWorker();
  if (wasOff || !wasLoaded) return;
  process.emitWarning(
    'onnxruntime-node was loaded before vlm2vec-web. If a session was created, its telemetry may be running, and it ' +
      `cannot be stopped in this process: set ${VARIABLE}=1 in the environment, or load a model of vlm2vec-web first.`,
    { code: 'VLM2VEC_ORT_TELEMETRY' },
  );
}
