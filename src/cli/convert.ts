/** @file `vlm2vec convert`: an official checkpoint → a bundle in a folder. */

import type { BundleManifest, Effort, WeightDtype } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { hubTree } from '../checkpoint';
import { convertCheckpoint, openCheckpoint, type WeightReport } from '../convert';
import { computeProbe, takeMoments } from '../runtime';
import { folderWriter } from '../store/folder.node.js';
import { describeBundle } from './inspect';
import { printLine } from './output';
import { checkpointAt } from './places';
import type { ProgressLine } from './progress';
import { ReplacedBundle } from './replaced-bundle';
import { licenceWarnings, recipeAt, recipeOfPlace, recipeWarnings } from './recipe';
import { warn } from './warn';

export interface ConvertArguments {
  base?: string;
  adapter?: string;
  out: string;
  dtype: WeightDtype;
  effort: Effort;
  /** Name of a built-in recipe, or a JSON file. */
  recipe?: string;
  /** Also print how each kind of weight is stored. */
  report?: boolean;
  /** Replace the bundle of another conversion. */
  force?: boolean;
}

export async function convert(
  place: string,
  { base, adapter, out, dtype, effort, recipe, report = false, force = false }: ConvertArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const given = recipe === undefined ? undefined : await recipeAt(recipe, signal);
  const replaced = await ReplacedBundle.at(out, { dtype, effort }, force); // before anything is downloaded
  const said = new Set<string>();
  const say = (line: string) => {
    if (!said.has(line)) warn(line, progress);
    said.add(line);
  };
  const known = given ?? [adapter, place].map((name) => name && recipeOfPlace(name)).find(Boolean);
  if (known) licenceWarnings(known).forEach(say);
  const treeAt = async (name: string | undefined) => (name === undefined ? undefined : checkpointAt(name, signal));
  const checkpoint = await openCheckpoint({
    checkpoint: await checkpointAt(place, signal),
    base: await treeAt(base),
    adapter: await treeAt(adapter),
    // Never a folder, even if there is one with that name.
    resolve: (repo, revision) => hubTree({ repo, revision: revision ?? undefined, signal }),
    signal,
  });
  replaced.expect({ source: checkpoint.source });
  const writer = await folderWriter(out);
  let kinds: WeightReport[] = [];
  const manifest = await convertCheckpoint({
    checkpoint,
    writer,
    dtype,
    recipe: given,
    onRecipe: (chosen) => {
      replaced.expect({ recipe: chosen.recipe });
      recipeWarnings(chosen).forEach(say);
    },
    ...(effort === 'best' && {
      takeMoments: (reader: BundleReader, first: BundleManifest) =>
        takeMoments(reader, first, { signal, onProgress: progress.show }),
    }),
    computeProbe,
    onWeights: (found) => void (kinds = found),
    signal,
    onProgress: progress.show,
  });
  progress.clear();
  for (const line of describeBundle(out, manifest)) await printLine(line);
  if (report) for (const line of describeWeights(kinds)) await printLine(line);
}

/**
 * A heading and a line for each kind of matrix, largest first. `outputs`: the error of the matrix's output after the
 * second pass, relative to the first pass; the time is that of this run alone, if it continued another.
 */
function describeWeights(kinds: readonly WeightReport[]): string[] {
  const rows = kinds
    .filter(({ isMatrix }) => isMatrix)
    .toSorted((a, b) => b.bytes - a.bytes)
    .map(({ kind, stored, tensors, weights, bytes, error, outputs, milliseconds }) => [
      ...[kind, stored, String(tensors), ((8 * bytes) / weights).toFixed(2), bytes.toLocaleString('en')],
      ...[`${(100 * error).toPrecision(2)} %`, outputs === undefined ? '–' : `${(100 * outputs).toFixed(0)} %`],
      ...[`${(milliseconds / 1000).toFixed(2)} s`],
    ]);
  const all = [['weights', 'stored as', 'tensors', 'bits', 'bytes', 'error', 'outputs', 'encoding'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const pad = (text: string, column: number) =>
    column < 2 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return ['', ...all.map((row) => row.map(pad).join('  ').trimEnd())];
}
