/**
 * @file One queue for everything ONNX Runtime does in this process. Overlapping `create` or `run` calls on the
 * WebGPU provider hang or corrupt memory (measured on 1.30), so every create, run and release waits its turn here.
 */

import { TaskQueue } from '../task-queue';

/** The process's queue: every `InferenceSession.create`, `run` and `release` goes through it. */
export const ortQueue = new TaskQueue();
