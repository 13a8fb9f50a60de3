/**
 * @file Remembers which rung passed the probe on this device, so that it is not probed at every start. Browsers: the
 * Cache API, which workers have too. Elsewhere nothing is kept. A cache that fails only costs a probe.
 */

import { sha256Hex } from '../bundle/digest';
import type { BundleManifest } from '../bundle/manifest';
import type { AdapterFacts, OrtBuild } from './types';

const CACHE = 'vlm2vec-verdicts';
/** Increase this when graphs, device set-up or thresholds change; old verdicts are then void. */
const RULES = 2;

/** Everything a verdict depends on: bundle, package, ONNX Runtime, browser and GPU. */
export interface VerdictScope {
  manifest: BundleManifest;
  adapter: AdapterFacts | null;
  build: OrtBuild;
  ortVersion: string;
  /** What was requested, since that decides which rungs there are. */
  request: string;
}

/** A short name of the scope: SHA-256 in hex. */
export async function verdictKey({ manifest, adapter, build, ortVersion, request }: VerdictScope): Promise<string> {
  const weights = manifest.stages.map((stage) => stage.weights.sha256);
  const agent = globalThis.navigator?.userAgent ?? '';
  const text = JSON.stringify([
    RULES,
    manifest.version,
    weights,
    manifest.probe,
    adapter,
    build,
    ortVersion,
    agent,
    request,
  ]);
  return sha256Hex(new TextEncoder().encode(text));
}

/** The name of the rung that passed, or null. */
export async function recallVerdict(key: string): Promise<string | null> {
  try {
    const response = await (await caches.open(CACHE)).match(url(key));
    return response ? await response.text() : null;
  } catch {
    return null;
  }
}

export async function rememberVerdict(key: string, rung: string): Promise<void> {
  try {
    await (await caches.open(CACHE)).put(url(key), new Response(rung));
  } catch {
    // Private windows and full disks: probe again next time.
  }
}

/** Cache keys must be URLs; this one is never fetched. */
function url(key: string): string {
  return `https://vlm2vec.invalid/verdict/${key}`;
}
