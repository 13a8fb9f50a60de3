import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { IntegrityError } from '../errors';
import { HttpFile } from '../net';
import { rangedFile, wholeFile } from './remote-file';
import type { PassState } from './types';

const content = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 13 + (i >> 7)) & 0xff);
const sha256 = createHash('sha256').update(content).digest('hex');
const gitOid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

/** Answers that include byte `at` are wrong this many times. */
function serve({ at = -1, times = 0 } = {}) {
  const asked: [number, number][] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    const match = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get('range') ?? '');
    const [start, end] = match ? [Number(match[1]), Number(match[2]) + 1] : [0, content.length];
    asked.push([start, end]);
    const bytes = content.slice(start, end);
    if (start <= at && at < end && times-- > 0) bytes[at - start]! ^= 1;
    return new Response(bytes, { status: match ? 206 : 200 });
  };
  return { file: new HttpFile({ url: 'https://x.test/f', size: content.length, fetch }), asked, size: content.length };
}

describe.each([
  ['an LFS object', { sha256, gitOid: null }],
  ['a file in Git', { sha256: null, gitOid }],
])('a small file, %s', (_, hashes) => {
  test('is fetched once, however it is read', async () => {
    const { asked, ...server } = serve();
    const source = wholeFile({ ...server, ...hashes });
    expect(await source.read(5, 9)).toEqual(content.slice(5, 9));
    expect(await source.read(0, content.length)).toEqual(content);
    expect(asked).toHaveLength(1);
  });

  test('that arrives damaged once is fetched again; if always, an error and not one byte of it', async () => {
    const once = wholeFile({ ...serve({ at: 7777, times: 1 }), ...hashes });
    expect(await once.read(7770, 7780)).toEqual(content.slice(7770, 7780));
    const always = wholeFile({ ...serve({ at: 7777, times: Infinity }), ...hashes });
    await expect(always.read(0, 5)).rejects.toThrow(IntegrityError);
  });

  test('whose fetch failed is fetched anew by the next read', async () => {
    const source = wholeFile({ ...serve({ at: 7777, times: 2 }), ...hashes });
    await expect(source.read(0, 5)).rejects.toThrow(IntegrityError);
    expect(await source.read(0, 5)).toEqual(content.slice(0, 5));
  });
});

describe('a pass', () => {
  const open = (fault = {}) => {
    const { asked, ...server } = serve(fault);
    return { source: rangedFile({ ...server, sha256, gitOid: null, blockBytes: 700 }), asked };
  };

  test('serves ascending ranges, reads each byte once, and knows the hash at the end', async () => {
    const { source, asked } = open();
    const pass = source.pass!;
    await pass.begin(null, []);
    const reads = [
      [3, 10],
      [10, 1500],
      [2000, 2000],
      [4444, 9000],
    ] as const;
    const answers = await Promise.all(reads.map(([start, end]) => source.read(start, end)));
    reads.forEach(([start, end], i) => expect(answers[i]).toEqual(content.slice(start, end)));
    expect(await pass.finish()).toBe(sha256);
    pass.end();
    expect(asked.reduce((sum, [start, end]) => sum + end - start, 0)).toBe(content.length);
    // Afterwards ranges are read as they come.
    expect(await source.read(0, 4)).toEqual(content.slice(0, 4));
  });

  test('continues where another one stopped, at any place', async () => {
    for (const place of [0, 1, 699, 700, 701, 5000, 9999, 10_000]) {
      const { source } = open();
      await source.pass!.begin(null, []);
      await source.read(0, place);
      const state = JSON.parse(JSON.stringify(source.pass!.state())) as PassState;
      source.pass!.end();
      const next = open();
      await next.source.pass!.begin(state, []);
      expect(await next.source.pass!.finish()).toBe(sha256);
      expect(Math.min(...next.asked.map(([start]) => start), content.length)).toBe(place);
      expect(state.position).toBe(place);
    }
  });

  test('compares what was read before it, and has no position inside such a claim', async () => {
    const { source } = open({ at: 2500, times: 1 });
    await source.read(2400, 2410);
    const claims = await source.pass!.claims();
    expect(claims).toHaveLength(1); // a window
    await source.pass!.begin(null, claims);
    await expect(source.pass!.finish()).rejects.toMatchObject({ name: 'IntegrityError', details: { restart: true } });
    source.pass!.end();

    const right = open();
    await right.source.read(2400, 2410);
    await right.source.pass!.begin(null, await right.source.pass!.claims());
    await right.source.read(0, 2400);
    expect(right.source.pass!.state()).toMatchObject({ position: 2400 });
    await right.source.read(2400, 2500);
    expect(right.source.pass!.state()).toBeNull();
    expect(await right.source.pass!.finish()).toBe(sha256);
  });

  test('notices one wrong bit, wherever it is', async () => {
    for (const at of [0, 5000, 9999]) {
      const { source } = open({ at, times: 1 });
      await source.pass!.begin(null, []);
      expect(await source.pass!.finish()).not.toBe(sha256);
    }
  });
});
