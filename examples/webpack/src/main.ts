import { VLM2Vec } from 'vlm2vec-web';

const picture = new URL('./penguin.png', import.meta.url);
const captions = ['a fox', 'a penguin', 'a bus'];

const model = await VLM2Vec.load('nano'); // runs in a worker of its own
const ranked = await model.rank({ image: picture }, captions);
for (const { candidate, score } of ranked) {
  const line = document.createElement('li');
  line.textContent = `${candidate}: ${score.toFixed(3)}`;
  document.querySelector('ol')!.append(line);
}

const vectors = await model.embed([{ image: picture }, ...captions]);
document.querySelector('pre')!.textContent = vectors.map((vector) => vector.join(' ')).join('\n');
