/** Vectors alone: these run as they stand, and print what the comments say. */
import { fillPrompt, instructions, maxSim, quantizeEmbedding, similarity, type MultiVector } from 'vlm2vec-web';
import {
  Bitset,
  combineVectors,
  daysFilter,
  PackedVectors,
  parseQuery,
  queryPrompt,
  queryTemplate,
  readImage,
  relevanceCut,
  scoresOf,
  searchQuery,
  similarGroups,
  similarPairs,
  topK,
  writeImage,
} from 'vlm2vec-web/search';
import { FeatureTensor } from 'vlm2vec-web/adapters/transformers';

{
  // #region similarity
  console.log(similarity([1, 0], [0, 1])); // 0
  const [scores] = similarity([Float32Array.of(1, 0)], [Float32Array.of(1, 0), Float32Array.of(0.6, 0.8)]);
  console.log(scores.map((score) => Math.round(score * 10))); // Float32Array(2) [ 10, 6 ]
  // #endregion
}
{
  // #region maxSim
  const query: MultiVector = { data: Float32Array.of(1, 0, 0, 1), count: 2, dims: 2 }; // two tokens
  const page: MultiVector = { data: Float32Array.of(1, 0), count: 1, dims: 2 };
  console.log(maxSim(query, page)); // 1
  // #endregion
}
{
  // #region quantizeEmbedding
  const vector = Float32Array.of(0.5, -0.5, 0.5, -0.5, 0, 0, 0, 0);
  console.log(quantizeEmbedding(vector, 'int8').slice(0, 4)); // Int8Array(4) [ 127, -127, 127, -127 ]
  console.log(quantizeEmbedding(vector, 'binary')); // Uint8Array(1) [ 160 ]
  // #endregion
}
{
  // #region fillPrompt, instructions
  const { query } = instructions['OK-VQA'];
  console.log(fillPrompt(query, 'Which bird is it?', { imageToken: '' }).trim());
  // Represent the given image with the following question: Which bird is it?
  // #endregion
}
{
  // #region Bitset, Bitset.constructor, Bitset.add, Bitset.has, Bitset.delete, Bitset.size
  const rows = new Bitset(100).add(3).add(40);
  rows.delete(3);
  console.log(rows.has(3), rows.has(40), rows.size); // false true 1
  // #endregion
}
{
  // #region Bitset.of, Bitset.and, Bitset.or, Bitset.not, Bitset.[iterator]
  const a = Bitset.of(6, [0, 1, 2]);
  const b = Bitset.of(6, [2, 3]);
  console.log([...a.and(b)], [...a.or(b)], [...a.not()]); // [ 2 ] [ 0, 1, 2, 3 ] [ 3, 4, 5 ]
  // #endregion
}
{
  // #region Bitset.where
  const years = [2019, 2024, 2024];
  const recent = Bitset.where(years.length, (row) => years[row] >= 2024);
  console.log([...recent]); // [ 1, 2 ]
  // #endregion
}
{
  // #region PackedVectors, PackedVectors.constructor, PackedVectors.add, PackedVectors.get, PackedVectors.has, PackedVectors.size, PackedVectors.rows
  const vectors = new PackedVectors({ dims: 2, model: 'my-model' });
  const row = vectors.add([0.6, 0.8]);
  console.log(row, vectors.size, vectors.has(1)); // 0 1 false
  console.log(vectors.get(row)[0].toFixed(3)); // 0.600
  // #endregion
}
{
  // #region PackedVectors.replace, PackedVectors.remove
  const vectors = new PackedVectors({ dims: 2, model: 'my-model' });
  const row = vectors.add([1, 0]);
  vectors.replace(row, [0, 1]);
  vectors.remove(row); // its row is free for the next vector
  console.log(vectors.rows, vectors.size); // 1 0
  // #endregion
}
{
  // #region PackedVectors.reserve, PackedVectors.bytes
  const vectors = new PackedVectors({ dims: 512, model: 'my-model' });
  vectors.reserve(10_000); // once, instead of growing step by step
  console.log(vectors.bytes > 10_000 * 2 * 512); // true
  // #endregion
}
{
  // #region PackedVectors.codes, PackedVectors.coarse, PackedVectors.fine, PackedVectors.append
  const vectors = new PackedVectors({ dims: 2, model: 'my-model' });
  const row = vectors.add([0.6, 0.8]);
  const copy = new PackedVectors({ dims: 2, model: 'my-model' });
  copy.append(vectors.scales[row], vectors.coarse(row), vectors.fine(row));
  const codes = (of: PackedVectors) => of.codes(0, new Int16Array(2)).join();
  console.log(codes(vectors) === codes(copy)); // true
  // #endregion
}
{
  // #region topK, scoresOf
  const vectors = new PackedVectors({ dims: 2, model: 'my-model' });
  for (const vector of [[1, 0], [0, 1], [0.6, 0.8]]) vectors.add(vector);
  const best = topK(vectors, [1, 0], { limit: 2, filter: Bitset.of(3, [0, 2]) });
  console.log([...best.rows]); // [ 0, 2 ]
  console.log(scoresOf(vectors, [1, 0], [2])[0].toFixed(2)); // 0.60
  // #endregion
}
{
  // #region relevanceCut
  const vectors = new PackedVectors({ dims: 2, model: 'my-model' });
  for (const vector of [[1, 0.05], [1, 0.1], [0, 1], [0.1, 1], [-1, 0.2]]) vectors.add(vector);
  const { scores, statistics } = topK(vectors, [1, 0], { limit: 5 });
  console.log(relevanceCut(scores, statistics).count); // 2
  // #endregion
}
{
  // #region combineVectors
  const query = combineVectors({ include: [{ vector: [1, 0] }], exclude: [{ vector: [0, 1] }] });
  console.log(query[0] > 0, query[1] < 0); // true true
  // #endregion
}
{
  // #region similarPairs, similarGroups
  const vectors = new PackedVectors({ dims: 2, model: 'my-model' });
  for (const vector of [[1, 0], [1, 0.01], [0, 1]]) vectors.add(vector);
  const pairs = await similarPairs(vectors, { threshold: 0.95 });
  console.log(similarGroups(pairs)); // [ [ 0, 1 ] ]
  // #endregion
}
{
  // #region writeImage, readImage
  const vectors = new PackedVectors({ dims: 2, model: 'my-model' });
  vectors.add([0.6, 0.8]);
  const bytes = writeImage(vectors); // keep them where you like
  console.log(readImage(bytes).size); // 1
  // #endregion
}
{
  // #region parseQuery, searchQuery
  const parsed = parseQuery('a dog +snow -people');
  console.log(parsed.text, parsed.also, parsed.exclude); // a dog [ 'snow' ] [ 'people' ]
  const query = searchQuery({ parsed }); // for PhotoIndex.search; null if the query is empty
  console.log(query?.exclude); // [ { text: 'people' } ]
  // #endregion
}
{
  // #region daysFilter
  const filter = daysFilter('2024-05-01', '2024-05-31'); // both days included
  console.log(new Date(filter.to!).toISOString()); // 2024-06-01T00:00:00.000Z
  // #endregion
}
{
  // #region queryPrompt, queryTemplate
  const template = queryTemplate('text');
  console.log(queryPrompt(template, 'a red kite').trim());
  // Find me an everyday image that matches the given caption: a red kite
  // #endregion
}
{
  // #region FeatureTensor, FeatureTensor.constructor, FeatureTensor.tolist, FeatureTensor.size
  const tensor = new FeatureTensor([Float32Array.of(1, 0), Float32Array.of(0, 1)], 2);
  console.log(tensor.dims, tensor.tolist(), tensor.size); // [ 2, 2 ] [ [ 1, 0 ], [ 0, 1 ] ] 4
  // #endregion
}
