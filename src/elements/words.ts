/** @file Texts of the elements. Pages in other languages provide their own. */

/** Texts of `<vlm2vec-search>`. */
export interface SearchWords {
  /** Label of the input box. */
  label: string;
  /** Label of the button. */
  button: string;
  /** Tells how many pictures there are and how much the first search downloads; `size` is null once that is done. */
  ready(pictures: number, size: string | null): string;
  /** Shown before a large download. `seconds`: null if the time is not known. */
  large(size: string, seconds: number | null): string;
  /** Label of the button that starts the download. */
  download(size: string): string;
  /** Shown during a search. */
  searching: string;
  /** Shown after a search. `weak`: there may be no real match. */
  found(pictures: number, weak: boolean): string;
  /** Label of the button for more results. */
  more: string;
  /** Accessible name of the list of results. */
  results: string;
  /** Label of the button on a picture that searches for similar ones. */
  like: string;
  /** The same with the picture's name, for screen readers. */
  likeNamed(name: string): string;
}

/** Texts of `<vlm2vec-rank>`. */
export interface RankWords {
  /** Label of the input box. */
  label: string;
  /** Label of the button for using a picture instead of words. */
  picture: string;
  /** Label of the button that removes the picture. */
  remove: string;
  /** Label of the button. */
  button: string;
  /** Shown while ranking. */
  ranking: string;
  /** Tells which choice is best. */
  best(name: string): string;
  /** Accessible name of the list of results. */
  results: string;
  /** Shown in a form if an answer is required but missing. */
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
