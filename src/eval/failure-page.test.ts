/** @file The page of failures: what it shows, in which order, and that data always remains text. */

import { expect, test } from 'vitest';
import type { QueryDetail } from './details';
import type { DocumentDetail } from './documents/evaluate';
import { escaped, failurePage, failuresOf, picturesOf } from './failure-page';

const HOSTILE = `</style></title><script>alert("1")</script><img src=x onerror='alert(2)'>&lt;\u202egnp.\u0000`;
const choice = (row: number, chosen: number, right: number, index = 1): QueryDetail => ({
  ...{ set: 'CIRR', row, query: { text: `query ${row}`, image: `CIRR/${row}.png` }, candidates: 4, rank: index + 1 },
  right: { text: 'right', image: null, score: right },
  chosen: { text: 'chosen', image: 'CIRR/chosen.png', score: chosen, index },
});
const page = (id: string, rank: number, grade: number) => ({ id, image: `set/${id}`, score: 1 / rank, grade, rank });
const document: DocumentDetail = {
  ...{ set: 'ViDoRe_docvqa', row: 0, id: '17', query: { text: 'Who signed it?', image: null }, ndcg: 0.25 },
  ...{ relevant: [page('b', 2, 1), page('z', 900, 2)], found: [page('a', 1, 0), page('b', 2, 1)], candidates: 1000 },
};

test('failures only, worst first', () => {
  const details = [choice(0, 0.5, 0.4), choice(1, 0.9, 0.9, 0), choice(2, 0.8, 0.1), choice(3, 0.5, 0.5)];
  expect(failuresOf(details)).toEqual([details[2], details[0], details[3]]);
  const documents = [document, { ...document, ndcg: 1 }, { ...document, ndcg: 0 }];
  expect(failuresOf(documents).map((detail) => 'ndcg' in detail && detail.ndcg)).toEqual([0, 0.25]);
});

test('shows the query, what was chosen, what is right, scores and pictures', () => {
  expect(picturesOf(choice(7, 0.5, 0.4))).toEqual(['CIRR/7.png', 'CIRR/chosen.png']);
  expect(picturesOf(document)).toEqual(['set/a', 'set/b', 'set/z']);
  const pictures = new Map(
    ['CIRR/7.png', 'CIRR/chosen.png', 'set/z'].map((path) => [path, `data:image/webp;base64,${path}`]),
  );
  const html = failurePage({
    title: 'run.jsonl',
    queries: 9,
    failed: 3,
    shown: [choice(7, 0.5, 0.4), document],
    pictures,
  });
  expect(html).toContain('3 of 9 queries failed. The 2 worst are shown.');
  expect(html).toContain('CIRR, row 7: the right one is 2 of 4');
  expect(html).toContain('src="data:image/webp;base64,CIRR/chosen.png"');
  expect(html).toMatch(/class="wrong"><strong>Chosen, 0\.5000<\/strong>.*chosen<\/figcaption>/);
  expect(html).toMatch(/class="right"><strong>Right, 0\.4000<\/strong><figcaption>right/);
  expect(html).toContain('ViDoRe_docvqa, query 17: NDCG@5 0.250, 1000 pages');
  expect(html).toContain('class="wrong"><strong>1. of all, 1.0000: not relevant');
  expect(html).toMatch(/class="right"><strong>900\. of all, 0\.0011: relevant, grade 2<\/strong><img/);
});

test('whatever the data contains remains text', () => {
  const pair = { text: HOSTILE, image: HOSTILE };
  const html = failurePage({
    ...{ title: HOSTILE, queries: 2, failed: 2, pictures: new Map([[HOSTILE, `data:image/webp;base64,"><script>`]]) },
    shown: [
      { ...choice(0, 1, 0), set: HOSTILE, query: pair, right: { ...pair, score: 0 } },
      { ...document, set: HOSTILE, id: HOSTILE, found: [{ ...page('a', 1, 0), id: HOSTILE, image: HOSTILE }] },
    ],
  });
  // Only the page's own code writes angle brackets.
  const tags = new Set([...html.matchAll(/<\/?([a-z!][^\s>]*)/gi)].map(([, name]) => name!.toLowerCase()));
  expect([...tags].sort()).toEqual([
    '!doctype',
    'article',
    'body',
    'div',
    'figcaption',
    'figure',
    'h1',
    'h2',
    'head',
    'html',
    'img',
    'main',
    'meta',
    'p',
    'strong',
    'style',
    'title',
  ]);
  expect(html.match(/<style>/g)).toHaveLength(1);
  for (const [tag] of html.matchAll(/<img [^>]*>/g)) expect(tag).toMatch(/^<img alt="[^"]*" src="[^"]*">$/);
  expect(html).not.toMatch(/[\u202e\u0000]/);
  expect(html).toContain("default-src 'none'");
  expect(escaped('a\u202eb & "c"')).toBe('a\\u{202e}b &amp; &quot;c&quot;');
});
