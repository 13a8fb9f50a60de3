/** The photo index, which lives in browsers: compiled, not run. */
import { VLM2Vec } from 'vlm2vec-web';
import { deletePhotoIndex, listPhotoIndexes, openPhotoIndex, openStaticIndex, type PhotoEmbedder } from 'vlm2vec-web/search';

declare const model: VLM2Vec;
declare const strong: PhotoEmbedder;
declare const button: HTMLButtonElement;
declare const stop: AbortController;
declare const file: File;
declare const image: HTMLImageElement;

const index = await openPhotoIndex({ embedder: model });
const published = await openStaticIndex('/photos.index/', { embedder: model });
{
  // #region openPhotoIndex, PhotoIndex.close
  const model = await VLM2Vec.load('nano');
  const index = await openPhotoIndex({ embedder: model });
  // … when the page no longer needs it:
  await index.close(); // the index first, then its model
  await model.dispose();
  // #endregion
}
{
  // #region PhotoEmbedder.restart
  let loaded = await VLM2Vec.load('nano');
  const embedder: PhotoEmbedder = {
    id: loaded.info.id,
    dims: loaded.dims,
    recipe: loaded.info.recipe,
    embed: (inputs, options) => loaded.embed(inputs, options),
    restart: async () => {
      loaded = await VLM2Vec.load('nano'); // its worker ended: indexing continues with a new one
    },
  };
  // #endregion
  void embedder;
}
{
  // #region PhotoIndex.add, PhotoIndex.start
  const { name } = await index.add({ handle: await showDirectoryPicker() }); // from a click
  console.log(name, 'is part of the library.');
  await index.start(); // resolves once it has started; `subscribe` reports progress
  // #endregion
}
{
  // #region PhotoIndex.finished
  await index.start();
  const { indexed, problems } = await index.finished({ signal: stop.signal });
  console.log(indexed, 'pictures can be searched,', problems, 'could not be read');
  // #endregion
}
{
  // #region PhotoIndex.[asyncDispose]
  await using index = await openPhotoIndex({ embedder: model }); // closes at the end of the block
  console.log(index.state.indexed);
  // #endregion
}
{
  // #region PhotoModel.embed
  const [vector] = await model.embed(['a red kite']);
  console.log(vector.length);
  // #endregion
}
{
  // #region StaticIndex.prepare, StaticIndex.search, StaticIndex.items, StaticIndex.thumbnail
  await published.prepare(); // reads what a search needs before there is one
  const { hits } = await published.search({ text: 'a dog in the snow', limit: 24 });
  const [best] = await published.items([hits[0].id]);
  image.src = URL.createObjectURL(await published.thumbnail(hits[0].id));
  image.alt = best?.name ?? '';
  // #endregion
}
{
  // #region StaticIndex.list, StaticIndex.facets, StaticIndex.close
  const { cameras } = await published.facets();
  const newest = await published.list({ order: 'newest', filter: { camera: cameras[0].name } });
  console.log(newest.length);
  await published.close();
  // #endregion
}
{
  // #region PhotoIndex.subscribe
  const unsubscribe = index.subscribe(({ phase, run }) => console.log(phase, run?.done, 'of', run?.total));
  // … when the page no longer needs it:
  unsubscribe();
  // #endregion
}
{
  // #region PhotoIndex.reconnect
  const folder = index.state.folders.find(({ access }) => access === 'ask');
  button.onclick = async () => {
    if (folder && (await index.reconnect(folder.id))) await index.start();
  };
  // #endregion
}
{
  // #region PhotoIndex.removeFolder
  for (const { id, problem } of index.state.folders) if (problem?.kind === 'gone') await index.removeFolder(id);
  // #endregion
}
{
  // #region PhotoIndex.pause, PhotoIndex.cancel
  await index.pause(); // `start` continues where it stopped
  await index.cancel(); // `start` scans the folders again; progress is kept
  // #endregion
}
{
  // #region PhotoIndex.useDeep, PhotoIndex.startDeep, PhotoIndex.pauseDeep, PhotoIndex.forgetDeep
  await index.useDeep({ embedder: strong });
  await index.startDeep(); // in the background
  await index.pauseDeep();
  await index.useDeep(null); // stops using it; its vectors are kept
  await index.forgetDeep(strong.id); // deletes them
  // #endregion
}
{
  // #region PhotoIndex.search, PhotoIndex.items
  const { hits, relevantCount } = await index.search({ text: 'a dog in the snow', image: file }, { signal: stop.signal });
  const found = await index.items(hits.slice(0, relevantCount).map(({ id }) => id));
  console.log(found.map((item) => item?.path));
  // #endregion
}
{
  // #region PhotoIndex.list
  const newest = await index.list({ order: 'newest', filter: { folder: 'Holidays' } });
  console.log(newest.length, 'pictures');
  // #endregion
}
{
  // #region PhotoIndex.places, PhotoIndex.placeNames, PhotoIndex.towns
  const ids = await index.list({ order: 'newest' });
  const { latitude, longitude } = await index.places(ids); // NaN if a file does not say
  const { town, names } = await index.placeNames(ids);
  console.log(latitude[0], longitude[0], names[town[0]] ?? 'far from any town');
  const alps = { south: 45, west: 6, north: 48, east: 14 };
  for (const { name, size } of await index.towns({ box: alps, limit: 20 })) console.log(name, size);
  // #endregion
}
{
  // #region PhotoIndex.facets
  const { cameras, taken } = await index.facets();
  console.log(cameras[0]?.name, taken && new Date(taken.from).getUTCFullYear());
  // #endregion
}
{
  // #region PhotoIndex.thumbnail, PhotoIndex.file
  const [id] = await index.list();
  image.src = URL.createObjectURL(await index.thumbnail(id));
  image.onclick = async () => window.open(URL.createObjectURL(await index.file(id)));
  // #endregion
}
{
  // #region PhotoIndex.problems, PhotoIndex.retry
  for (const { path, reason } of await index.problems()) console.log(path, reason);
  await index.retry(); // forgets them …
  await index.start(); // … and tries those pictures again
  // #endregion
}
{
  // #region PhotoIndex.groups
  const { exact, similar } = await index.groups({ threshold: 0.95, signal: stop.signal });
  console.log(exact.length, 'pictures have copies,', similar.length, 'groups look alike');
  // #endregion
}
{
  // #region PhotoIndex.map
  const { ids, x, y } = await index.map({ onProgress: (fraction) => console.log(fraction) });
  ids.forEach((id, i) => console.log(id, x[i], y[i])); // −1 to 1
  // #endregion
}
{
  // #region PhotoIndex.albums, PhotoIndex.createAlbum, PhotoIndex.changeAlbum, PhotoIndex.renameAlbum, PhotoIndex.deleteAlbum
  const { hits } = await index.search({ text: 'snow' });
  const album = await index.createAlbum(
    'Winter',
    hits.slice(0, 10).map(({ id }) => id),
  );
  await index.changeAlbum(album.id, { remove: [hits[0].id] });
  await index.renameAlbum(album.id, 'Winter 2024');
  for (const { name, id } of await index.albums()) console.log(name, id); // favourites first
  await index.deleteAlbum(album.id); // the pictures are not touched
  // #endregion
}
{
  // #region PhotoIndex.dates
  const ids = await index.list({ order: 'oldest' });
  console.log(await index.dates(ids));
  // #endregion
}
{
  // #region PhotoIndex.export, PhotoIndex.import
  const backup = await index.export();
  await index.import(backup); // checked to the last byte first; after an error nothing has changed
  // #endregion
}
{
  // #region PhotoIndex.exportParquet
  const link = Object.assign(document.createElement('a'), { download: 'photos.parquet' });
  link.href = URL.createObjectURL(await index.exportParquet());
  link.click();
  // #endregion
}
{
  // #region PhotoIndex.clear
  if (confirm('Forget all pictures? The files stay where they are.')) await index.clear();
  // #endregion
}
{
  // #region listPhotoIndexes, deletePhotoIndex
  for (const { place, name, pictures } of await listPhotoIndexes()) {
    if (pictures === 0) await deletePhotoIndex(place);
    else console.log(name, pictures);
  }
  // #endregion
}
