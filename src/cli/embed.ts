/** @file `vlm2vec embed`: inputs of every kind in; out come their vectors, in order, on stdout or in a file. */

import type { Shard } from '../eval';
import { isMultiVector, type Embedding } from '../multi-vector';
import {
  loadRuntime,
  type Compute,
  type EmbedOptions,
  type ModelInfo,
  type Runtime,
  type WeightsChoice,
} from '../runtime';
import { InvalidInputError } from '../errors';
import { checkAsked } from './asked-options';
import { embedEach, embedSome, type RecordResult } from './embed-chunk';
import { EmbedProgress } from './embed-progress';
import { InputsSkipped } from './failure';
import { chunksOf, readAll, shareOf, sliceOf } from './inputs/read';
import type { AnyRecord, Source } from './inputs/record';
import { openSources } from './inputs/sources';
import { heldSink } from './outputs/held';
import { stdoutSink } from './outputs/json-lines';
import { openOutput, type Output } from './outputs/output';
import { FORMATS, parsePlace, type Format, type SinkPlace } from './outputs/places';
import type { StoredPrecision } from './outputs/precision';
import type { RunFacts } from './outputs/run-file';
import type { OutputRow } from './outputs/sink';
import { tableColumns } from './outputs/table-columns';
import { bundleAt } from './places';
import type { ProgressLine } from './progress';
import { recipeAt } from './recipe';
import { VERSION } from './version';
import { warn } from './warn';

/** Options that are those of `embed` in the library. */
type AskedOptions = Pick<
  EmbedOptions,
  'minPixels' | 'maxPixels' | 'numCrops' | 'orientation' | 'dims' | 'instruction' | 'role' | 'prefix'
>;

export interface EmbedArguments extends AskedOptions {
  model: string;
  /** A file of JSON lines, `-` for stdin. */
  jsonl?: string;
  /** Lines are texts. */
  text?: boolean;
  textColumn?: string;
  imageColumn?: string;
  idColumn?: string;
  keep?: 'all' | string[];
  device: 'cpu' | 'webgpu';
  weights?: WeightsChoice;
  compute: Compute;
  /** Name of a shipped recipe, or a JSON file. */
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
  /** Inputs embedded together. */
  batch?: number;
  lineBuffered?: boolean;
}

/**
 * Texts of a chunk, by where weights are: enough to batch, few enough that a kill costs little. Streamed weights are read for
 * each chunk: the more inputs, the fewer times.
 */
const CHUNK_TEXTS = { resident: 512, streamed: 8192 };
/** How long a line-buffered run waits for the next line before it answers. */
const IDLE_MS = 5;

/** Without `skipBad`, what is wrong with any input ends the run, and nothing is printed of the others. */
export async function embed(
  words: readonly string[],
  args: EmbedArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const place = checkOutput(args);
  const reader = await bundleAt(args.model);
  const recipe = args.recipe === undefined ? undefined : await recipeAt(args.recipe);
  const {
    jsonl,
    text: asText,
    textColumn,
    imageColumn,
    idColumn,
    keep,
    skipBad = false,
    device,
    compute,
    weights,
  } = args;
  const sources = await openSources(words, { jsonl, asText, textColumn, imageColumn, idColumn, keep, skipBad });
  const columns = place?.kind === 'parquet' || place?.kind === 'lance' ? tableColumns(keep, sources) : [];
  const range = args.shard && (await shareOf(sources, args.shard, signal));
  const runtime = await loadRuntime({ reader, recipe, device, compute, weights, signal, onProgress: progress.show });
  try {
    const { info } = runtime;
    const options: EmbedOptions = { ...askedOptions(args), signal };
    for (const line of checkAsked(options, info)) warn(line, progress);
    const shape = {
      ...{
        columns,
        precision: args.precision,
        dims: options.dims ?? info.dims,
        several: info.recipe.pooling === 'all',
      },
      provenance: provenanceOf(info, args),
    };
    const output = await openOutput(place, {
      ...{ shape, facts: factsOf(info, args, { words, recipe: recipe && JSON.stringify(recipe) }) },
      ...{ resume: args.resume, overwrite: args.overwrite, otherwise: skipBad ? stdoutSink(shape) : heldSink(shape) },
    });
    const all = readAll(sources, { skipBad, signal });
    await run(runtime, range ? sliceOf(all, range) : all, { args, options, output, sources, place, progress, signal });
  } finally {
    await runtime.dispose();
  }
}

interface RunParts {
  args: EmbedArguments;
  options: EmbedOptions;
  output: Output;
  sources: readonly Source[];
  place: SinkPlace | null;
  progress: ProgressLine;
  signal: AbortSignal;
}

/** From where the output is to the end of the inputs. */
async function run(
  runtime: Runtime,
  all: AsyncGenerator<AnyRecord>,
  { args, options, output, sources, place, progress, signal }: RunParts,
): Promise<void> {
  const { skipBad = false, batch, lineBuffered, rawTokens } = args;
  try {
    await output.skip(all);
    const shown = new EmbedProgress(progress, sources, output.inputs);
    const chunks = chunksOf(all, {
      ...{ size: batch ?? CHUNK_TEXTS[runtime.info.weights], exactly: batch !== undefined },
      idleMs: lineBuffered ? IDLE_MS : undefined,
    });
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      output.expectUnfinished();
      const watched: EmbedOptions = { ...options, onProgress: shown.within(chunk.length) };
      const results = skipBad ? await embedSome(runtime, chunk, watched) : await embedEach(runtime, chunk, watched);
      const rows: OutputRow[] = [];
      for (const result of results) {
        const tokens = rawTokens && result.error === undefined ? await tokensOf(runtime, result.record, options) : {};
        rows.push(rowOf(result, place, tokens));
      }
      progress.clear();
      await output.write(chunk, rows);
      shown.add(chunk.length);
    }
    await output.finish();
    shown.end();
  } catch (error) {
    const left = await output.fail();
    if (left > 0) warn(`${left.toLocaleString('en')} inputs are written; --resume goes on from there.`, progress);
    throw error;
  } finally {
    await all.return(undefined).catch(() => undefined);
  }
  const { inputs, errors } = output;
  if (errors > 0) {
    throw new InputsSkipped(
      `${errors} of ${inputs} inputs could not be embedded.${place ? ` They are in ${output.errorsIn}.` : ''}`,
    );
  }
}

/** Options of the output that exclude each other, said before anything is loaded. */
function checkOutput({
  out,
  format,
  rawTokens,
  resume,
  overwrite,
  lineBuffered,
  skipBad,
}: EmbedArguments): SinkPlace | null {
  const place = out === undefined ? null : parsePlace(out, format);
  const refuse = (problem: string): never => {
    throw new InvalidInputError(problem);
  };
  if (!place) {
    if (format !== undefined && format !== 'jsonl')
      refuse(`--format ${format} needs --out; stdout takes ${FORMATS[0]} alone.`);
    if (resume) refuse('--resume needs --out: of what went to stdout nothing is known.');
    if (overwrite) refuse('--overwrite needs --out.');
    if (lineBuffered && !skipBad)
      refuse('--line-buffered needs --skip-bad: without it nothing is printed before all is known to be good.');
  } else {
    if (rawTokens && place.kind !== 'jsonl') refuse('--raw-tokens is for JSON lines alone.');
    if (lineBuffered) refuse('--line-buffered is for stdout, not for --out.');
  }
  if (resume && overwrite) refuse('--resume goes on with what --overwrite would begin anew: give one of them.');
  return place;
}

function askedOptions(args: EmbedArguments): AskedOptions {
  const { minPixels, maxPixels, numCrops, orientation, dims, instruction, role, prefix } = args;
  return { minPixels, maxPixels, numCrops, orientation, dims, instruction, role, prefix };
}

/** Kept with vectors. */
function provenanceOf({ id, dtype, device, activations, compute, recipe, dims }: ModelInfo, args: EmbedArguments) {
  const { precision } = args;
  return {
    model: id,
    recipe: recipe.name,
    dtype,
    device,
    activations,
    compute,
    dims: String(args.dims ?? dims),
    precision,
  };
}

/** All that results depend on, and where they stand. `--skip-bad` is not among it: it may be added to go on after a bad input. */
function factsOf(info: ModelInfo, args: EmbedArguments, more: { words: readonly string[]; recipe?: string }): RunFacts {
  const { jsonl, text, textColumn, imageColumn, idColumn, keep, rawTokens, shard, batch } = args;
  return {
    version: VERSION,
    inputs: jsonl === undefined ? more.words : [jsonl, ...more.words],
    ...provenanceOf(info, args),
    weights: info.weights,
    ...(more.recipe !== undefined && { recipe: more.recipe }),
    ...Object.fromEntries(Object.entries(askedOptions(args)).map(([key, value]) => [key, value ?? null])),
    ...{ dims: args.dims ?? info.dims, text: text ?? false, rawTokens: rawTokens ?? false, keep: keep ?? null },
    ...{ textColumn: textColumn ?? null, imageColumn: imageColumn ?? null, idColumn: idColumn ?? null },
    ...{ shard: shard ? `${shard.index + 1}/${shard.count}` : null, batch: batch ?? null },
  };
}

/** In JSON lines an input without an id has none; elsewhere it goes by its number. */
function rowOf({ record, embedding, error }: RecordResult, place: SinkPlace | null, tokens: object): OutputRow {
  const { id, number, kept } = record;
  const isJson = place === null || place.kind === 'jsonl';
  const fields = { id: isJson ? id : (id ?? String(number)), ...kept };
  if (error !== undefined) return { fields, error };
  const vectors = isMultiVector(embedding) ? rowsOf(embedding) : [embedding];
  if (isJson) return { fields, vectors, tokens };
  if (place.kind === 'npy') return { fields, vectors };
  const { input, imagePath } = record;
  return { fields: { id: fields.id, text: input.text ?? null, image: imagePath, ...kept }, vectors };
}

/** // [count][dims] */
function rowsOf({ data, count, dims }: Exclude<Embedding, Float32Array>): Float32Array[] {
  return Array.from({ length: count }, (_, row) => data.subarray(row * dims, (row + 1) * dims));
}

/**
 * Ids as the model reads them; the grid as HF's `image_grid_thw`, [1, patch rows, patch columns], or `grids` of several
 * pictures; with three axes the position of each token on each.
 */
async function tokensOf(
  runtime: Runtime,
  { input }: Extract<RecordResult, { error?: undefined }>['record'],
  options: EmbedOptions,
) {
  const { ids, grids, positions } = await runtime.tokens(input, options);
  const all = grids.map(({ height, width }) => [1, height, width]);
  return { ids, ...(all.length > 1 ? { grids: all } : { grid: all[0] ?? null }), ...(positions && { positions }) };
}
