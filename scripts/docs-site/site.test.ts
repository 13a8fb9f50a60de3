/**
 * @file The documentation site as built: nothing is undocumented or without an example, every link and anchor on every
 * page is valid, nothing comes from another host, and every guide is in the navigation.
 */
import { readdirSync, readFileSync, existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { inflateSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { buildDocs } from './build';
import { readExamples } from './examples';

const ROOT = path.resolve(import.meta.dirname, '../..');
const OUT = path.join(ROOT, '.cache/docs-test/docs');
/** Files that the demo's build puts beside the documents. */
const BESIDE = /^\.\.\/(index\.html|playground\.js)$/;

/** The search index of TypeDoc's pages. */
const lunr = createRequire(import.meta.url)('lunr') as {
  Index: { load(index: object): { search(words: string): { ref: string }[] } };
};

/** An entry of the search. */
interface Row {
  name: string;
  url: string;
}

let complaints: string[] = [];
/** HTML, by path in the site. */
const pages = new Map<string, string>();

beforeAll(async () => {
  rmSync(OUT, { recursive: true, force: true });
  complaints = await buildDocs(OUT);
  if (complaints.length > 0) return; // there may be no output, which the first test reports
  for (const name of readdirSync(OUT, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.html')) pages.set(name, readFileSync(path.join(OUT, name), 'utf8'));
  }
}, 240_000);

test('every export is described, has an example and named parameters, and its links are valid', () => {
  expect(complaints).toEqual([]);
  expect([...pages].filter(([, html]) => html.includes('__namedParameters'))).toEqual([]);
});

test('an example is on the page that it belongs to', () => {
  expect(readExamples().size).toBeGreaterThan(90);
  expect(textOf('functions/vlm2vec-web.maxSim.html')).toContain('console.log(maxSim(query, page)); // 1');
  expect(textOf('interfaces/vlm2vec-web_search.PhotoIndex.html')).toContain('await index.removeFolder(id);');
});

test('every link and anchor on every page is valid', () => {
  const anchors = new Map([...pages].map(([page, html]) => [page, new Set(all(html, / id="([^"]+)"/g))]));
  const broken = [...pages].flatMap(([page, html]) =>
    all(html, / (?:href|src)="([^"]*)"/g).flatMap((link) => {
      if (/^(https?:|mailto:|data:)/.test(link)) return [];
      const [address = '', anchor] = link.replaceAll('&amp;', '&').split('#');
      const target = address === '' ? page : path.join(path.dirname(page), decodeURI(address.split('?')[0]!));
      const file = target.endsWith('/') || target === '.' ? path.join(target, 'index.html') : target;
      if (BESIDE.test(file)) return [];
      if (!existsSync(path.join(OUT, file))) return [`${page}: ${link}`];
      const known = anchors.get(file);
      return !anchor || anchor.startsWith('icon-') || known?.has(decodeURIComponent(anchor))
        ? []
        : [`${page}: ${link}`];
    }),
  );
  expect(pages.size).toBeGreaterThan(200);
  expect(broken).toEqual([]);
});

test('pages are relative, and their policy allows no other host', () => {
  for (const [page, html] of pages) {
    expect(all(html, / (?:href|src)="(\/[^"]*)"/g), page).toEqual([]); // relative to the host
    expect(all(html, /<(?:script|link|img|source)\b[^>]* (?:href|src)="(https?:[^"]*)"/g), page).toEqual([]);
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? '';
    expect(policy, page).toContain("default-src 'none'");
    expect(policy, page).not.toMatch(/https?:|\*/);
  }
  const assets = readdirSync(path.join(OUT, 'assets')).filter((name) => /\.(css|js)$/.test(name));
  for (const name of assets) {
    expect(
      all(readFileSync(path.join(OUT, 'assets', name), 'utf8'), /(?:url\(|@import |fetch\()["']?(https?:[^"')]*)/g),
    ).toEqual([]);
  }
});

test('every guide is on the first page, in the navigation, and leads to the next one', () => {
  const guides = readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md') && name !== 'README.md');
  for (const guide of guides) {
    const page = `guides/${guide.replace(/\.md$/, '.html')}`;
    expect(pages.get('index.html'), guide).toContain(`href="${page}"`);
    expect(pages.get(page), guide).toMatch(/<nav class="pager".* rel="(prev|next)"/);
  }
});

test('the search finds sections, and each entry leads to a page', () => {
  const script = readFileSync(path.join(OUT, 'assets/search.js'), 'utf8');
  const packed = Buffer.from(/"([^"]+)"/.exec(script)![1]!, 'base64');
  const { rows, index } = JSON.parse(inflateSync(packed).toString()) as { rows: Row[]; index: object };
  const broken = rows.filter(({ url }) => {
    const [page = '', anchor] = url.split('#');
    return !pages.has(page) || (anchor !== undefined && !pages.get(page)!.includes(` id="${anchor}"`));
  });
  expect(broken).toEqual([]);
  const found = (words: string) =>
    lunr.Index.load(index)
      .search(words)
      .slice(0, 3)
      .map(({ ref }) => rows[Number(ref)]!.url);
  expect(found('nginx')).toContain('guides/hosting.html#nginx');
  expect(found('StorageFullError quota')).toContain('guides/errors.html#storagefullerror');
  expect(found('vlm2vec-rank')).toContain('guides/elements.html#vlm2vec-rank');
  expect(found('GitHub Pages limits')).toContain('guides/hosting.html#github-pages');
});

const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!);

/** The visible text of a page. */
function textOf(page: string): string {
  return pages
    .get(page)!
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll('&#39;', "'")
    .replaceAll('&gt;', '>')
    .replaceAll('&nbsp;', ' ');
}
