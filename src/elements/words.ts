/** @file Texts of the elements. Pages in other languages provide their own. */

/** Of `<vlm2vec-search>`. */
export interface SearchWords {
  /** Of the box. */
  label: string;
  /** Of the button. */
  button: string;
  /** How many pictures there are, and what a first search downloads; null once that is done. */
  ready(pictures: number, size: string | null): string;
  /** Before a large download. `seconds`: null where nobody knows. */
  large(size: string, seconds: number | null): string;
  /** Of the button that begins it. */
  download(size: string): string;
  /** While it looks. */
  searching: string;
  /** `weak`: perhaps there is nothing of the kind. */
  found(pictures: number, weak: boolean): string;
  /** Of the button for more results. */
  more: string;
  /** Of the list. */
  results: string;
  /** Of the button at a picture. */
  like: string;
  /** The same, for those who do not see the picture. */
  likeNamed(name: string): string;
}

/** Of `<vlm2vec-rank>`. */
export interface RankWords {
  /** Of the box. */
  label: string;
  /** Of the button that takes a picture in place of words. */
  picture: string;
  /** Of the button that takes the picture away. */
  remove: string;
  /** Of the button. */
  button: string;
  /** While it works. */
  ranking: string;
  /** What is best. */
  best(name: string): string;
  /** Of the list. */
  results: string;
  /** In a form, where an answer is required. */
  missing: string;
}

export const SEARCH_WORDS: SearchWords = {
  label: 'Search pictures',
  button: 'Search',
  ready: (pictures, size) => `${pictures} pictures.${size === null ? '' : ` A first search downloads up to ${size}.`}`,
  large: (size, seconds) =>
    `Searching downloads ${size}${seconds === null ? '' : `, about ${seconds} s on this connection`}.`,
  download: (size) => `Download ${size}`,
  searching: 'Searching …',
  found: (pictures, weak) =>
    weak ? 'Nothing stands out. Perhaps there is no such picture.' : `${pictures} pictures, best first.`,
  more: 'More results',
  results: 'Results',
  like: 'More like this',
  likeNamed: (name) => `More like ${name}`,
};

export const RANK_WORDS: RankWords = {
  label: 'What to compare with',
  picture: 'Choose a picture',
  remove: 'Remove the picture',
  button: 'Rank',
  ranking: 'Ranking …',
  best: (name) => `Best: ${name}.`,
  results: 'Ranking',
  missing: 'Rank the choices first.',
};
