import { VLM2Vec } from 'vlm2vec-web';
import picture from './penguin.png';

const captions = ['a fox', 'a penguin', 'a bus'];

const model = await VLM2Vec.load('nano', {
  worker: () => new Worker('vlm2vec/vlm2vec.worker.js', { type: 'module' }),
  wasmPaths: 'wasm/', // large files, which may as well lie on another host
  modelsUrl: 'models/',
});
const ranked = await model.rank({ image: picture }, captions);
for (const { candidate, score } of ranked) {
  const line = document.createElement('li');
  line.textContent = `${candidate}: ${score.toFixed(3)}`;
  document.querySelector('ol')!.append(line);
}

const vectors = await model.embed([{ image: picture }, ...captions]);
document.querySelector('pre')!.textContent = vectors.map((vector) => vector.join(' ')).join('\n');
