/** What reads and writes this machine's storage, or the network: compiled, not run. */
import {
  CARD_EXAMPLE,
  deleteStoredBundle,
  listStoredBundles,
  models,
  StorageFullError,
  verifyCard,
  VLM2Vec,
  VLM2VecError,
} from 'vlm2vec-web';

declare const pause: AbortController;
declare const bar: HTMLProgressElement;

{
  // #region models.list
  for (const { name, bytes, state } of await models.list()) console.log(name, bytes, state);
  // #endregion
}
{
  // #region models.inspect
  const { state, bytes } = await models.inspect('my-model');
  console.log(state, bytes);
  // #endregion
}
{
  // #region models.verify
  await models.verify('my-model', { onProgress: ({ file, progress }) => console.log(file, progress) });
  // #endregion
}
{
  // #region models.delete, models.clear
  await models.delete('my-model'); // does nothing if there is none
  await models.clear(); // all of them
  // #endregion
}
{
  // #region models.isCached
  const source = 'https://models.example.com/vlm2vec-2b-q4-1/';
  if (!(await models.isCached(source))) console.log('This will be downloaded.');
  // #endregion
}
{
  // #region models.estimate
  const cost = await models.estimate('TIGER-Lab/VLM2Vec-Qwen2VL-2B', { dtype: 'q4' });
  console.log(cost);
  // #endregion
}
{
  // #region models.add
  try {
    const { name } = await models.add('TIGER-Lab/VLM2Vec-Qwen2VL-2B', {
      signal: pause.signal, // aborting pauses: the same call continues where it stopped
      onProgress: ({ status, progress = 0 }) => {
        if (status === 'progress_total') bar.value = progress / 100;
      },
    });
    const model = await VLM2Vec.load({ name });
    console.log(model.dims);
  } catch (error) {
    if (error instanceof StorageFullError) console.log('Free some space, then try again.');
    else throw error;
  }
  // #endregion
}
{
  // #region listStoredBundles, deleteStoredBundle
  for (const { name } of await listStoredBundles()) await deleteStoredBundle(name);
  // #endregion
}
{
  // #region verifyCard
  const model = await VLM2Vec.load('https://models.example.com/vlm2vec-2b-q4-1/');
  const picture = new Uint8Array(await (await fetch(CARD_EXAMPLE.url)).arrayBuffer());
  const { passed, answers } = await verifyCard(model, picture);
  console.log(passed, answers);
  // #endregion
}
{
  // #region VLM2VecError, VLM2VecError.constructor
  try {
    await VLM2Vec.load('https://models.example.com/vlm2vec-2b-q4-1/');
  } catch (error) {
    if (!(error instanceof VLM2VecError)) throw error;
    console.log(error.name, error.message, error.details);
  }
  // #endregion
}
