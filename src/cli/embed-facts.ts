/**
 * @file The facts of a run of `embed`: its options as the library takes them, and everything that its results depend
 * on.
 */

import type { Shard } from '../eval';
import type { Compute, EmbedOptions, ModelInfo, WeightsChoice } from '../runtime';
import type { Format } from './outputs/places';
import type { StoredPrecision } from './outputs/precision';
import type { RunFacts } from './outputs/run-file';
import { VERSION } from './version';

/** Options that the library's `embed` has too. */
const ASKED = [
  ...(['minPixels', 'maxPixels', 'numCrops', 'orientation', 'dims', 'instruction', 'role', 'prefix'] as const),
  ...(['maxTokens', 'batching'] as const),
] as const;
type AskedOptions = Pick<EmbedOptions, (typeof ASKED)[number]>;

export interface EmbedArguments extends AskedOptions {
  model: string;
  /** A file of JSON lines, `-` for stdin. */
  jsonl?: string;
  /** Each line is a text. */
  text?: boolean;
  textColumn?: string;
  imageColumn?: string;
  idColumn?: string;
  keep?: 'all' | string[];
  device: 'cpu' | 'webgpu';
  weights?: WeightsChoice;
  compute: Compute;
  threads?: number;
  /** Name of a built-in recipe, or a JSON file. */
  recipe?: string;
  rawTokens?: boolean;
  precision: StoredPrecision;
  shard?: Shard;
  skipBad?: boolean;
  /** A file, or `lance:<database>/<table>`, in place of stdout. */
  out?: string;
  format?: Format;
  resume?: boolean;
  overwrite?: boolean;
  /** How many inputs are embedded together. */
  batch?: number;
  /** Answer batches of lines from stdin until it ends. */
  serve?: boolean;
}

export function askedOptions(args: EmbedArguments): AskedOptions {
  return Object.fromEntries(ASKED.map((key) => [key, args[key]])) as AskedOptions;
}

/** Stored with the vectors. */
export function provenanceOf(info: ModelInfo, args: EmbedArguments): Record<string, string> {
  const { id, dtype, device, activations, compute, recipe } = info;
  const dims = String(args.dims ?? info.dims);
  return { model: id, recipe: recipe.name, dtype, device, activations, compute, dims, precision: args.precision };
}

/**
 * Everything that the results depend on. `--skip-bad` is not part of it, since it may be added to get past a bad input.
 * @param recipe as JSON, if it is not the bundle's own
 */
export function factsOf(info: ModelInfo, args: EmbedArguments, words: readonly string[], recipe?: string): RunFacts {
  const { jsonl, text, textColumn, imageColumn, idColumn, keep, rawTokens, shard, batch } = args;
  const given = {
    ...{ ...askedOptions(args), text, textColumn, imageColumn, idColumn, keep, rawTokens, batch },
    shard: shard && `${shard.index + 1}/${shard.count}`,
    recipeGiven: recipe,
  };
  return {
    version: VERSION,
    inputs: jsonl === undefined ? words : [jsonl, ...words],
    weights: info.weights,
    ...Object.fromEntries(Object.entries(given).map(([key, value]) => [key, value ?? null])),
    ...provenanceOf(info, args),
  };
}
