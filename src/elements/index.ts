/**
 * @file `<vlm2vec-rank>` and `<vlm2vec-search>`. Importing this module defines them in a page; on a server it does
 * nothing. The model and the search are loaded when they are first needed.
 */

import { VLM2VecRank } from './rank-element';
import { VLM2VecSearch } from './search-element';

export { ModelElement } from './model-element';
export { VLM2VecRank, type Choice, type RankResultsDetail } from './rank-element';
export { VLM2VecSearch, type OpenDetail, type SearchReadyDetail, type SearchResultsDetail } from './search-element';
export type { SharedLoadOptions } from './shared-model';
export type { RankWords, SearchWords } from './words';

declare global {
  interface HTMLElementTagNameMap {
    'vlm2vec-rank': VLM2VecRank;
    'vlm2vec-search': VLM2VecSearch;
  }
}

const ELEMENTS: [string, CustomElementConstructor][] = [
  ['vlm2vec-rank', VLM2VecRank],
  ['vlm2vec-search', VLM2VecSearch],
];

if (globalThis.customElements) {
  // A page may have two copies of this package: the first one's elements stay.
  for (const [name, element] of ELEMENTS) if (!customElements.get(name)) customElements.define(name, element);
}
