/** @file `vlm2vec convert`: an official checkpoint → a bundle in a folder. */

import type { BundleManifest, Effort, WeightDtype } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { hubTree } from '../checkpoint';
import { convertCheckpoint, openCheckpoint } from '../convert';
import { computeProbe, takeMoments } from '../runtime';
import { folderWriter } from '../store/folder.node.js';
import { describeBundle } from './inspect';
import { printLine } from './output';
import { checkpointAt } from './places';
import type { ProgressLine } from './progress';
import { licenceWarnings, recipeAt, recipeOfPlace, recipeWarnings } from './recipe';
import { warn } from './warn';

export interface ConvertArguments {
  base?: string;
  adapter?: string;
  out: string;
  dtype: WeightDtype;
  effort: Effort;
  /** Name of a shipped recipe, or a JSON file. */
  recipe?: string;
}

export async function convert(
  place: string,
  { base, adapter, out, dtype, effort, recipe }: ConvertArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const given = recipe === undefined ? undefined : await recipeAt(recipe);
  const said = new Set<string>();
  const say = (line: string) => {
    if (!said.has(line)) warn(line, progress);
    said.add(line);
  };
  const known = given ?? [adapter, place].map((name) => name && recipeOfPlace(name)).find(Boolean);
  if (known) licenceWarnings(known).forEach(say); // before the first byte is fetched
  const treeAt = async (name: string | undefined) => (name === undefined ? undefined : checkpointAt(name, signal));
  const checkpoint = await openCheckpoint({
    checkpoint: await checkpointAt(place, signal),
    base: await treeAt(base),
    adapter: await treeAt(adapter),
    // Never a folder, even where there is one of that name.
    resolve: (repo, revision) => hubTree({ repo, revision: revision ?? undefined, signal }),
    signal,
  });
  const writer = await folderWriter(out);
  const manifest = await convertCheckpoint({
    checkpoint,
    writer,
    dtype,
    recipe: given,
    onRecipe: (chosen) => recipeWarnings(chosen).forEach(say),
    ...(effort === 'best' && {
      takeMoments: (reader: BundleReader, first: BundleManifest) =>
        takeMoments(reader, first, { signal, onProgress: progress.show }),
    }),
    computeProbe,
    signal,
    onProgress: progress.show,
  });
  progress.clear();
  for (const line of describeBundle(out, manifest)) await printLine(line);
}
