import { VLM2Vec } from 'vlm2vec-web';
import { openPhotoIndex } from 'vlm2vec-web/search';

const files = document.querySelector<HTMLInputElement>('#files')!;
const query = document.querySelector<HTMLInputElement>('#query')!;
const state = document.querySelector('#state')!;
const list = document.querySelector('ol')!;

const model = await VLM2Vec.load('nano');
const index = await openPhotoIndex({ embedder: model });
index.subscribe(({ phase, indexed }) => (state.textContent = `${indexed} pictures, ${phase}`));
state.textContent = `${index.state.indexed} pictures, ${index.state.phase}`; // kept from the last visit

files.onchange = async () => {
  await index.add({ name: 'Chosen pictures', files: files.files! });
  await index.start();
};

query.onchange = async () => {
  const { hits } = await index.search({ text: query.value, limit: 12 });
  const photos = await index.items(hits.map(({ id }) => id));
  const lines = hits.map(async ({ id, score }, i) => {
    const line = document.createElement('li');
    const picture = document.createElement('img');
    picture.src = URL.createObjectURL(await index.thumbnail(id));
    line.append(picture, `${photos[i]?.name}: ${score.toFixed(3)}`);
    return line;
  });
  list.replaceChildren(...(await Promise.all(lines)));
};
