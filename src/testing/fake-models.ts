/** @file For tests: stands in for `../embedder`, with models whose loading ends when the test says so. */

import { vi } from 'vitest';
import type { VLM2Vec } from '../embedder';
import type { LoadOptions } from '../load-options';

/** One call of `VLM2Vec.load`. */
export interface FakeLoad {
  source: unknown;
  options: LoadOptions;
  dispose: ReturnType<typeof vi.fn>;
  finish(): VLM2Vec;
  fail(error: Error): void;
}

export const loads: FakeLoad[] = [];

/** As in `../embedder`. Like the real one, it rejects when its signal is aborted, and so do calls of the model. */
export const fakeEmbedder = {
  VLM2Vec: {
    load: (source: unknown, options: LoadOptions) =>
      new Promise<VLM2Vec>((resolve, reject) => {
        options.signal?.addEventListener('abort', () => reject(options.signal!.reason as Error));
        const dispose = vi.fn();
        const embed = (_input: unknown, { signal }: { signal?: AbortSignal } = {}) =>
          new Promise((_, stop) => {
            signal?.addEventListener('abort', () => stop(signal.reason as Error));
          });
        const model = { dispose, embed } as unknown as VLM2Vec;
        const finish = () => {
          resolve(model);
          return model;
        };
        loads.push({ source, options, dispose, finish, fail: reject });
      }),
  },
};

/**
 * Sets traps for globals that only browsers have. @returns what our source touched, and a function that removes the
 * traps
 */
export function trapBrowserGlobals(): { touched: string[]; restore(): void } {
  const touched: string[] = [];
  const names = ['window', 'document', 'customElements', 'HTMLElement', 'location', 'localStorage', 'matchMedia'];
  const before = names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const name of names) {
    const get = () => {
      // Frameworks may ask whether there is a window.
      if (new Error().stack!.split('\n')[2]!.includes('/src/')) touched.push(name);
    };
    Object.defineProperty(globalThis, name, { configurable: true, get });
  }
  return {
    touched,
    restore() {
      for (const [name, descriptor] of before) {
        if (descriptor) Object.defineProperty(globalThis, name, descriptor);
        else delete (globalThis as Record<string, unknown>)[name];
      }
    },
  };
}
