/** @file ONNX Runtime's start in browsers, while a bundle is still being looked for and read. */

import { isNode } from '../environment';
import { GraphBuilder } from '../onnx';
import { ortQueue } from './queue';
import { requestAdapter } from './device';
import { browserBuild, loadOrt, type OrtOptions } from './ort';
import type { DeviceChoice } from './types';

/**
 * Begins what loading a model waits for anyhow: the script of ONNX Runtime, and on WASM its `.wasm`, by a session of one node.
 * What fails here fails again where it is needed, and is said there.
 */
export function startOrtEarly(device: DeviceChoice = 'auto', options: OrtOptions = {}): void {
  const { numThreads = 1 } = options;
  // What is refused must not have been begun with.
  if (isNode || !(Number.isInteger(numThreads) && numThreads > 0)) return;
  void start(device, options).catch(() => undefined);
}

async function start(device: DeviceChoice, options: OrtOptions): Promise<void> {
  const adapter = device === 'wasm' ? null : await requestAdapter();
  const build = browserBuild(adapter ? 'webgpu' : 'wasm');
  const ort = await loadOrt(build, options);
  if (build !== 'wasm') return;
  const graph = new GraphBuilder({ name: 'start', weightsPath: '', tensors: [] });
  const input = graph.input('x', 'f32', [1]);
  graph.output(graph.node('Identity', 'y', [input]), 'f32', [1]);
  await ortQueue.add(async () => {
    const session = await ort.InferenceSession.create(graph.build(), { executionProviders: ['wasm'] });
    await session.release();
  });
}
