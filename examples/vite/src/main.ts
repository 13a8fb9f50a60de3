import { VLM2Vec } from 'vlm2vec-web';

const picture = new URL('./penguin.png', import.meta.url);
const captions = ['a fox', 'a penguin', 'a bus'];

const model = await VLM2Vec.load('nano'); // runs in a worker of its own
const ranked = await model.rank({ image: picture }, captions);
document.querySelector('ol')!.innerHTML = ranked
  .map(({ candidate, score }) => `<li>${candidate}: ${score.toFixed(3)}</li>`)
  .join('');

const vectors = await model.embed([{ image: picture }, ...captions]);
document.querySelector('pre')!.textContent = vectors.map((vector) => vector.join(' ')).join('\n');
