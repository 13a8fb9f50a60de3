import { afterEach, expect, test, vi } from 'vitest';
import { fetchAnywhere } from './data-url';

afterEach(() => vi.unstubAllGlobals());

test('data: addresses are read without fetch, and all other addresses with it', async () => {
  const fetch = vi.fn(async () => new Response('from afar'));
  vi.stubGlobal('fetch', fetch);
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const encoded = `data:application/json;charset=utf-8;base64,${encodeURIComponent(Buffer.from(bytes).toString('base64'))}`;
  expect(new Uint8Array(await (await fetchAnywhere(encoded)).arrayBuffer())).toEqual(bytes);
  expect(await (await fetchAnywhere('data:,a%2Cb é')).text()).toBe('a,b é');
  await expect(fetchAnywhere('data:,x', { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  expect(fetch).not.toHaveBeenCalled();

  const init = { cache: 'no-store' } as const;
  expect(await (await fetchAnywhere('https://example.org/data:,x', init)).text()).toBe('from afar');
  expect(fetch).toHaveBeenCalledWith('https://example.org/data:,x', init);
});
