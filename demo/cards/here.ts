/** @file What is known about this device, looked up once for the cards. */
import { signal } from '@preact/signals';
import { lookForGpu } from './family';
import type { Here } from './recommended';

export const here = signal<Here>({ gpu: 'asking', memory: null, free: null });

let looked: Promise<void> | null = null;

export function lookHere(): Promise<void> {
  looked ??= Promise.all([lookForGpu(), navigator.storage?.estimate?.().catch(() => null)]).then(([gpu, storage]) => {
    const { usage, quota } = storage ?? {};
    const { deviceMemory } = navigator as { deviceMemory?: number };
    here.value = {
      gpu,
      memory: deviceMemory ? deviceMemory * 2 ** 30 : null,
      free: usage === undefined || quota === undefined ? null : Math.max(0, quota - usage),
    };
  });
  return looked;
}
