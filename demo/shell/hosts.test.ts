import { expect, test } from 'vitest';
import { connectSources, isAllowed } from './hosts';

const POLICY = "default-src 'none'; connect-src 'self' https://huggingface.co  https://*.hf.co; base-uri 'none'";

test('only what the policy names may be read', () => {
  const sources = connectSources(POLICY);
  expect(sources).toEqual(["'self'", 'https://huggingface.co', 'https://*.hf.co']);
  const allowed = (url: string) => isAllowed(new URL(url), sources, 'https://me.example:8443');
  expect(
    ['https://me.example:8443/a/', 'https://huggingface.co/x/y', 'https://cas-bridge.xethub.hf.co/z'].map(allowed),
  ).toEqual([true, true, true]);
  expect(
    [
      'https://me.example/a/',
      'http://huggingface.co/',
      'https://huggingface.co.evil.example/',
      'https://hf.co/',
      'https://evilhf.co/',
      'https://hf.co.evil.example/',
      'http://x.hf.co/',
      'https://x.hf.co:444/',
      'data:text/plain,hf.co',
    ].filter(allowed),
  ).toEqual([]);
});

test('a scheme covers all of its sites', () => {
  const allowed = (url: string) => isAllowed(new URL(url), ["'self'", 'blob:', 'https:'], 'http://me.example');
  expect(['https://other.example/', 'http://me.example/', 'http://other.example/'].map(allowed)).toEqual([
    true,
    true,
    false,
  ]);
});

test('a page without a policy allows nothing', () => {
  expect(connectSources("default-src 'none'")).toEqual([]);
});
