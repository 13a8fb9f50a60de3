/**
 * @file A page that shows what a model got wrong: the query, the chosen and the right answer, with their pictures and
 * scores. It is one file without scripts; all data appears in it as plain text, and its policy allows only the embedded
 * pictures.
 */

import type { AnyDetail, QueryDetail } from './details';
import type { DocumentDetail, PageDetail } from './documents/evaluate';
import type { Pair } from './rows';

/**
 * Returns the failures, worst first: for P@1 by how far the right candidate is behind, for visual documents by NDCG@5.
 */
export function failuresOf(details: readonly AnyDetail[]): AnyDetail[] {
  const distance = (detail: AnyDetail) =>
    'ndcg' in detail ? 1 - detail.ndcg : detail.chosen.index === 0 ? 0 : detail.chosen.score - detail.right.score;
  const isFailure = (detail: AnyDetail) => ('ndcg' in detail ? detail.ndcg < 1 : detail.chosen.index !== 0);
  return details.filter(isFailure).sort((a, b) => distance(b) - distance(a));
}

/** Returns the paths of the pictures that are shown with a failure. */
export function picturesOf(detail: AnyDetail): string[] {
  const shown = 'ndcg' in detail ? [...shownPages(detail), detail.query] : [detail.query, detail.chosen, detail.right];
  return [...new Set(shown.flatMap(({ image }) => image ?? []))];
}

export interface FailurePage {
  /** Title, which names the run. */
  title: string;
  /** Number of queries in the run, and how many of them failed. */
  queries: number;
  failed: number;
  /** The failures that are shown. */
  shown: readonly AnyDetail[];
  /** `data:` URLs by path. */
  pictures: ReadonlyMap<string, string>;
}

/** Returns the HTML of the page. */
export function failurePage({ title, queries, failed, shown, pictures }: FailurePage): string {
  const cards = shown.map((detail, i) =>
    'ndcg' in detail ? documentCard(detail, i, pictures) : choiceCard(detail, i, pictures),
  );
  const some = shown.length < failed ? ` The ${shown.length} worst are shown.` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}: failures</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>${failed} of ${queries} queries failed.${some}</p>
<main>
${cards.join('\n')}
</main>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
article { border-top: 1px solid #8886; padding: 1rem 0; }
h2 { font-size: 1rem; margin: 0 0 .5rem; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; max-width: 20rem; flex: 1 1 11rem; }
figcaption { overflow-wrap: anywhere; white-space: pre-wrap; }
img { display: block; max-width: 100%; max-height: 20rem; border: 1px solid #8886; }
.right { border-left: 4px solid #2a8a3e; padding-left: .5rem; }
.wrong { border-left: 4px solid #c0392b; padding-left: .5rem; }
.plain { padding-left: .75rem; }
`;

function choiceCard(detail: QueryDetail, i: number, pictures: FailurePage['pictures']): string {
  const { set, row, query, chosen, right, candidates, rank } = detail;
  const what = `${set}, row ${row}: the right one is ${rank} of ${candidates}`;
  return card(i, what, [
    figure('plain', 'Query', query, pictures),
    figure('wrong', `Chosen, ${scoreText(chosen.score)}`, chosen, pictures),
    figure('right', `Right, ${scoreText(right.score)}`, right, pictures),
  ]);
}

function documentCard(detail: DocumentDetail, i: number, pictures: FailurePage['pictures']): string {
  const { set, id, query, ndcg, candidates } = detail;
  const what = `${set}, query ${id}: NDCG@5 ${ndcg.toFixed(3)}, ${candidates} pages`;
  return card(i, what, [
    figure('plain', 'Query', query, pictures),
    ...shownPages(detail).map((page) => {
      const grade = page.grade > 0 ? `relevant, grade ${page.grade}` : 'not relevant';
      const label = `${page.rank}. of all, ${scoreText(page.score)}: ${grade}`;
      return figure(page.grade > 0 ? 'right' : 'wrong', label, { text: page.id, image: page.image }, pictures);
    }),
  ]);
}

/** The five best pages, then the relevant pages that are not among them. */
function shownPages({ found, relevant }: DocumentDetail): PageDetail[] {
  const known = new Set(found.map(({ id }) => id));
  return [...found, ...relevant.filter(({ id }) => !known.has(id)).slice(0, 5)];
}

const card = (i: number, what: string, figures: readonly string[]) =>
  `<article>\n<h2>${i + 1}. ${escaped(what)}</h2>\n<div class="row">\n${figures.join('\n')}\n</div>\n</article>`;

function figure(
  kind: 'plain' | 'right' | 'wrong',
  label: string,
  { text, image }: Pick<Pair, 'text' | 'image'>,
  pictures: FailurePage['pictures'],
): string {
  const url = image === null ? undefined : pictures.get(image);
  const shown = url === undefined ? '' : `<img alt="${escaped(image ?? '')}" src="${escaped(url)}">`;
  return `<figure class="${kind}"><strong>${escaped(label)}</strong>${shown}<figcaption>${escaped(text)}</figcaption></figure>`;
}

const scoreText = (score: number) => score.toFixed(4);

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

/**
 * Escapes text for HTML, including quoted attributes. Characters that change the writing direction, and other invisible
 * ones, are written as codes.
 */
export function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!)
    .replace(/[\p{Cf}\p{Cc}]/gu, (character) =>
      character === '\n' || character === '\t'
        ? character
        : `\\u{${character.codePointAt(0)!.toString(16).padStart(4, '0')}}`,
    );
}
