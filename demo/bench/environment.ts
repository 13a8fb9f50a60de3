/** @file What the browser reports about the device and its memory. */
import type { Environment, MemoryFigure } from '../../src/measure';

export function browserEnvironment(): Environment {
  const { userAgent, hardwareConcurrency, deviceMemory } = navigator as Navigator & { deviceMemory?: number };
  return {
    agent: userAgent,
    cpu: null,
    cores: hardwareConcurrency ?? null,
    memory: deviceMemory === undefined ? null : deviceMemory * 2 ** 30,
    isolated: crossOriginIsolated,
  };
}

/** Memory of the page with its workers, WASM memory included; null if the browser does not report it. */
export async function pageMemory(): Promise<MemoryFigure | null> {
  const { measureUserAgentSpecificMemory: count } = performance as Performance & {
    measureUserAgentSpecificMemory?: () => Promise<{ bytes: number }>;
  };
  if (!count || !crossOriginIsolated) return null;
  const found = await count.call(performance).catch(() => null);
  return found && { bytes: found.bytes, of: 'page' };
}
