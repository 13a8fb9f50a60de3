import { VLM2Vec } from 'vlm2vec-web';

const [picture, ...captions] = process.argv.slice(2);

const model = await VLM2Vec.load('nano');
const ranked = await model.rank({ image: picture }, captions);
for (const { candidate, score } of ranked) console.log(`${candidate}: ${score.toFixed(3)}`);

const vectors = await model.embed([{ image: picture }, ...captions]);
console.log(`\n${vectors.map((vector) => vector.join(' ')).join('\n')}`);
await model.dispose();
