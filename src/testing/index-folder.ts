/** @file A process that indexes a folder, to be killed: `node index-folder.ts <pictures> <index> <log>`. */

import { openSync, writeSync } from 'node:fs';
import { FolderIndexer } from '../search/node/folder-indexer.node.js';
import { countingEmbedder } from './small-pictures';

const [, , photos, out, logged] = process.argv;
/** A letter for each picture that was embedded, written before anyone has its vector. */
const log = openSync(logged!, 'a');
const embedder = countingEmbedder({ milliseconds: 3 });
const embed = embedder.embed.bind(embedder);
embedder.embed = async (inputs, options) => {
  const vectors = await embed(inputs, options);
  writeSync(log, '.'.repeat(inputs.length));
  return vectors;
};
const indexer = await FolderIndexer.open(out!, { embedder, model: 'm' });
await indexer.add(photos!);
await indexer.run();
await indexer.close();
