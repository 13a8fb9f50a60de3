/** Parts for a page, which live in browsers: compiled, not run. */
import { createElement, useState } from 'react';
import { watch } from 'vue';
import { type ModelElement, type RankWords, type SearchWords } from 'vlm2vec-web/elements';
import * as react from 'vlm2vec-web/react';
import * as vue from 'vlm2vec-web/vue';

{
  // #region elements:VLM2VecSearch, VLM2VecSearch.search, VLM2VecSearch.abort
  const search = document.createElement('vlm2vec-search'); // after `import 'vlm2vec-web/elements'`
  search.src = '/photos.index/';
  document.body.append(search);
  await search.search('a dog in the snow');
  search.abort(); // ends a search in progress
  // #endregion
}
{
  // #region elements:VLM2VecRank, VLM2VecRank.rank, VLM2VecRank.abort
  const rank = document.createElement('vlm2vec-rank'); // after `import 'vlm2vec-web/elements'`
  rank.choices = [{ text: 'a fox' }, { text: 'a penguin' }];
  rank.image = 'animal.jpg';
  document.body.append(rank);
  await rank.rank();
  rank.abort(); // ends a ranking in progress
  // #endregion
}
{
  // #region ModelElement
  for (const element of document.querySelectorAll<ModelElement>('vlm2vec-search, vlm2vec-rank')) element.model = 'nano';
  // #endregion
}
{
  // #region SearchWords
  const words: Partial<SearchWords> = { button: 'Suchen', found: (pictures) => `${pictures} Bilder` };
  document.querySelector('vlm2vec-search')!.words = words;
  // #endregion
}
{
  // #region RankWords
  const words: Partial<RankWords> = { button: 'Vergleichen', best: (name) => `Am besten passt: ${name}` };
  document.querySelector('vlm2vec-rank')!.words = words;
  // #endregion
}
{
  // #region react:useVLM2Vec
  function Captions() {
    const { model, status, signal } = react.useVLM2Vec('nano');
    const [best, setBest] = useState('');
    const rank = async () => setBest((await model!.rank('a pet', ['a dog', 'a bus'], { signal }))[0].candidate);
    return createElement('button', { disabled: status !== 'ready', onClick: rank }, best || 'Rank');
  }
  // #endregion
  void Captions;
}
{
  // #region react:VLM2VecSearch
  const photos = createElement(react.VLM2VecSearch, { src: '/photos.index/' });
  // #endregion
  void photos;
}
{
  // #region react:VLM2VecRank
  const animals = createElement(react.VLM2VecRank, { image: 'animal.jpg', choices: [{ text: 'a fox' }, { text: 'a penguin' }] });
  // #endregion
  void animals;
}
{
  // #region vue:useVLM2Vec
  const { model, signal } = vue.useVLM2Vec('nano');
  watch(model, async (loaded) => console.log(await loaded?.rank('a pet', ['a dog', 'a bus'], { signal: signal.value })));
  // #endregion
}
