/**
 * @file One queue for everything ONNX Runtime does in this process. Overlapping `create` or `run` calls on the
 * WebGPU provider hang or corrupt memory (measured on 1.30), so every create, run and release waits its turn here.
 */

/** Runs async tasks strictly one after another, in the order they were added. A failed task does not stop the rest. */
export class TaskQueue {
  #tail: Promise<unknown> = Promise.resolve();

  /**
   * @param signal checked when the task's turn comes: a task that was aborted while it waited never starts.
   * @returns what `task` gives; rejects with what it throws, or with the signal's reason.
   */
  add<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const result = this.#tail.then(() => {
      signal?.throwIfAborted();
      return task();
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }
}

/** The process's queue: every `InferenceSession.create`, `run` and `release` goes through it. */
export const ortQueue = new TaskQueue();
