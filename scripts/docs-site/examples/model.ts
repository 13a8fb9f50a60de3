/** A loaded model: these run with nano in Node. */
import { readFile } from 'node:fs/promises';
import {
  CARD_EXAMPLE,
  CARD_SCORES,
  CARD_TOLERANCE,
  cardModel,
  recipes,
  similarity,
  VLM2Vec,
  type VerifiableModel,
} from 'vlm2vec-web';

const blob = new Blob([await readFile('examples/node/penguin.png')]);

{
  // #region VLM2Vec.load, VLM2Vec.dispose, VLM2Vec.dims, VLM2Vec.device, VLM2Vec.info
  const model = await VLM2Vec.load('nano', { onProgress: ({ phase }) => void phase });
  console.log(model.dims, model.device !== 'webgpu', model.info.recipe.name); // 192 true vlm2vec
  await model.dispose();
  // #endregion
}
{
  // #region VLM2Vec.[asyncDispose]
  await using model = await VLM2Vec.load('nano'); // frees its memory at the end of the block
  console.log((await model.embed('a red kite')).length); // 192
  // #endregion
}
const model = await VLM2Vec.load('nano');
{
  // #region VLM2Vec.embed, VerifiableModel.embed, Embedder.embed, PhotoEmbedder.embed
  const [picture, text] = await model.embed([{ image: blob }, { text: 'a penguin' }]);
  console.log(picture.length, text.length); // 192 192
  const small = await model.embed('a penguin', { precision: 'int8' });
  console.log(small.constructor.name); // Int8Array
  // #endregion
}
{
  // #region VLM2Vec.embedQuery, VLM2Vec.embedDocument
  const query = await model.embedQuery('a penguin'); // worded as in training: "Find me an everyday image …"
  const pictures = await model.embedDocument([blob]);
  const [scores] = similarity([query], pictures);
  console.log(scores[0] > 0.5); // true
  // #endregion
}
{
  // #region VLM2Vec.rank
  const ranked = await model.rank({ image: blob }, ['a fox', 'a penguin', 'a bus']);
  console.log(ranked[0].candidate, ranked[0].index); // a penguin 1
  // #endregion
}
{
  // #region VLM2Vec.prepare
  await model.prepare(); // from here on, no network is needed
  // #endregion
}
{
  // #region VLM2Vec.matmulRate
  const { flopsPerSecond } = await model.matmulRate();
  console.log(flopsPerSecond > 1e8); // true
  // #endregion
}
{
  // #region recipes
  const free = recipes.filter(({ licence }) => licence.name === 'Apache-2.0');
  console.log(free.some(({ name }) => name === 'gme')); // true
  // #endregion
}
{
  // #region cardModel
  console.log(cardModel(model.info.source)); // null
  // #endregion
}
{
  // #region CARD_EXAMPLE, CARD_SCORES, CARD_TOLERANCE
  console.log(CARD_EXAMPLE.answers[0], CARD_SCORES.llava.scores[0], CARD_TOLERANCE.q4); // A cat and a dog 0.4375 0.05
  // #endregion
}
await model.dispose();
export type { VerifiableModel };
