import { afterEach, expect, test, vi } from 'vitest';
import type { BundleManifest } from '../bundle/manifest';
import { sha256Hex } from '../bundle/digest';
import { recallVerdict, rememberVerdict, verdictKey, type VerdictScope } from './verdicts';

afterEach(() => vi.unstubAllGlobals());

/** The part of the Cache API that is used. */
function fakeCaches() {
  const stored = new Map<string, string>();
  return {
    open: async () => ({
      match: async (url: string) => (stored.has(url) ? new Response(stored.get(url)) : undefined),
      put: async (url: string, response: Response) => void stored.set(url, await response.text()),
    }),
  };
}

const scope: VerdictScope = {
  manifest: { version: 1, stages: [{ weights: { sha256: 'aa' } }], probe: [] } as unknown as BundleManifest,
  adapter: null,
  build: 'jspi',
  ortVersion: '1.31',
  request: 'auto',
};

test('a verdict is remembered under its scope only', async () => {
  vi.stubGlobal('caches', fakeCaches());
  const key = await verdictKey(scope);
  expect(await recallVerdict(key)).toBeNull();
  await rememberVerdict(key, 'webgpu f32');
  expect(await recallVerdict(key)).toBe('webgpu f32');
  expect(await recallVerdict(await verdictKey({ ...scope }))).toBe('webgpu f32');
  const weights = { ...scope.manifest, stages: [{ weights: { sha256: 'ab' } }] } as unknown as BundleManifest;
  for (const other of [
    { ...scope, ortVersion: '1.32' },
    { ...scope, build: 'asyncify' as const },
    { ...scope, request: 'webgpu' },
    { ...scope, manifest: weights },
    { ...scope, adapter: { vendor: 'acme' } as never },
  ]) {
    expect(await recallVerdict(await verdictKey(other))).toBeNull();
  }
});

test('if the browser stores nothing, that only costs a probe', async () => {
  vi.stubGlobal('caches', { open: () => Promise.reject(new DOMException('private', 'SecurityError')) });
  await rememberVerdict('k', 'webgpu f32');
  expect(await recallVerdict('k')).toBeNull();
  vi.stubGlobal('caches', undefined);
  await rememberVerdict('k', 'webgpu f32');
  expect(await recallVerdict('k')).toBeNull();
});

test('a verdict of the older rule, one bound for all models, has expired', async () => {
  vi.stubGlobal('caches', fakeCaches());
  const { manifest, adapter, build, ortVersion, request } = scope;
  const agent = globalThis.navigator?.userAgent ?? '';
  const older = [1, manifest.version, ['aa'], manifest.probe, adapter, build, ortVersion, agent, request];
  await rememberVerdict(await sha256Hex(new TextEncoder().encode(JSON.stringify(older))), 'webgpu f16');
  expect(await recallVerdict(await verdictKey(scope))).toBeNull();
});
