/** @file `vlm2vec embed`: JSON lines in; out come JSON lines with an embedding each, in order, or a table of vectors. */

import { addAbortSignal } from 'node:stream';
import { InvalidInputError } from '../errors';
import type { Shard } from '../eval';
import { isMultiVector, type Embedding } from '../multi-vector';
import { loadRuntime, type Compute, type EmbedOptions, type Runtime, type WeightsChoice } from '../runtime';
import { checkAsked } from './asked-options';
import { embedLines, type LineResult } from './embed-lines';
import { InputsSkipped } from './failure';
import { isBad, readJsonLines, type JsonLine } from './jsonl';
import { printLine } from './output';
import { bundleAt } from './places';
import type { ProgressLine } from './progress';
import { recipeAt } from './recipe';
import { serveLines } from './serve';
import { openSink, parseSinkPlace } from './sinks';
import type { SinkPlace, VectorSink } from './vector-sink';
import { warn } from './warn';

/** Digits that give back the same float32. */
const FLOAT32_DIGITS = 9;

/** Options that are those of `embed` in the library. */
type AskedOptions = Pick<
  EmbedOptions,
  'minPixels' | 'maxPixels' | 'numCrops' | 'orientation' | 'dims' | 'instruction' | 'role' | 'prefix' | 'batching'
>;

export interface EmbedArguments extends AskedOptions {
  model: string;
  /** Left out with `serve`. */
  jsonl?: string;
  device: 'cpu' | 'webgpu';
  weights?: WeightsChoice;
  compute: Compute;
  threads?: number;
  /** Name of a shipped recipe, or a JSON file. */
  recipe?: string;
  rawTokens?: boolean;
  shard?: Shard;
  skipBad?: boolean;
  /** `*.parquet` or `lance:<database>/<table>`, in place of stdout. */
  out?: string;
  /** Answer batches of lines from stdin until it ends. */
  serve?: boolean;
}

/**
 * Every line is checked before the first result is printed: a bad line anywhere means that nothing is. With `skipBad` its
 * error stands in its place, and results are printed as they come.
 */
export async function embed(args: EmbedArguments, progress: ProgressLine, signal: AbortSignal): Promise<void> {
  const { out, rawTokens: withTokens, shard, skipBad = false } = args;
  if (args.serve) return serve(args, progress, signal);
  const place = out === undefined ? null : parseSinkPlace(out);
  if (place && withTokens) throw new InvalidInputError('--raw-tokens is for JSON lines, not for --out.');
  const reader = await bundleAt(args.model);
  const recipe = args.recipe === undefined ? undefined : await recipeAt(args.recipe);
  if (args.jsonl === undefined) throw new InvalidInputError('Say what to embed: --jsonl <file>, or - for stdin.');
  const lines = shareOf(await readJsonLines(args.jsonl), shard);
  const bad = lines.find(isBad);
  if (bad && !skipBad) throw bad.error;
  if (lines.length === 0 && !place) return;
  const runtime = await loadRuntime({ reader, recipe, ...loadingOf(args), signal, onProgress: progress.show });
  try {
    const options: EmbedOptions = { ...askedOptions(args), signal };
    for (const line of checkAsked(options, runtime.info)) warn(line, progress);
    let skipped = 0;
    const results = embedLines(runtime, lines, { options, skipBad, progress });
    const writeOut = async (write: (results: LineResult[]) => Promise<void>) => {
      for await (const chunk of results) {
        skipped += chunk.filter(({ error }) => error !== undefined).length;
        await write(chunk);
      }
    };
    if (place) {
      const sink = await openLineSink(place, runtime, options.dims);
      try {
        await writeOut((chunk) => store(chunk, sink, progress));
        await sink.finish();
      } catch (error) {
        await sink.discard();
        throw error;
      }
    } else {
      await writeOut(async (chunk) => {
        for (const result of chunk) await printLine(await asJson(result, withTokens ? { runtime, options } : null));
      });
    }
    if (skipped > 0) throw new InputsSkipped(`${skipped} of ${lines.length} lines could not be embedded.`);
  } finally {
    await runtime.dispose();
  }
}

async function serve(args: EmbedArguments, progress: ProgressLine, signal: AbortSignal): Promise<void> {
  for (const key of ['out', 'shard', 'jsonl', 'rawTokens'] as const) {
    if (args[key] === undefined) continue;
    const flag = key === 'rawTokens' ? 'raw-tokens' : key;
    throw new InvalidInputError(`--serve reads stdin and prints JSON lines; it has no place for --${flag}.`);
  }
  const reader = await bundleAt(args.model);
  const recipe = args.recipe === undefined ? undefined : await recipeAt(args.recipe);
  const runtime = await loadRuntime({ reader, recipe, ...loadingOf(args), signal, onProgress: progress.show });
  try {
    const options: EmbedOptions = { ...askedOptions(args), signal };
    for (const line of checkAsked(options, runtime.info)) warn(line, progress);
    await serveLines(runtime, addAbortSignal(signal, process.stdin), {
      options,
      progress,
      print: async (result) => printLine(await asJson(result, null)),
      printEnd: () => printLine(''),
    });
  } finally {
    await runtime.dispose();
  }
}

const loadingOf = ({ device, compute, weights, threads }: EmbedArguments) => ({
  device,
  compute,
  weights,
  numThreads: threads,
});

/** The i-th of n runs of lines that follow each other: outputs of all shards in order are the whole output. */
function shareOf<Line>(lines: Line[], shard: Shard | undefined): Line[] {
  if (!shard) return lines;
  const { index, count } = shard;
  return lines.slice(Math.floor((lines.length * index) / count), Math.floor((lines.length * (index + 1)) / count));
}

function askedOptions(args: EmbedArguments): AskedOptions {
  const { minPixels, maxPixels, numCrops, orientation, dims, instruction, role, prefix, batching } = args;
  return { minPixels, maxPixels, numCrops, orientation, dims, instruction, role, prefix, batching };
}

async function asJson(
  { line, embedding, error }: LineResult,
  tokensOf: { runtime: Runtime; options: EmbedOptions } | null,
): Promise<string> {
  const { id } = line;
  if (error !== undefined) return JSON.stringify({ id, error });
  const vectors = isMultiVector(embedding)
    ? { embeddings: rowsOf(embedding).map(digits) }
    : { embedding: digits(embedding) };
  const tokens = tokensOf ? await rawTokens(tokensOf.runtime, line, tokensOf.options) : {};
  return JSON.stringify({ id, ...vectors, ...tokens });
}

const digits = (vector: Float32Array) => Array.from(vector, (value) => Number(value.toPrecision(FLOAT32_DIGITS)));

/** // [count][dims] */
function rowsOf({ data, count, dims }: Exclude<Embedding, Float32Array>): Float32Array[] {
  return Array.from({ length: count }, (_, row) => data.subarray(row * dims, (row + 1) * dims));
}

/** A table has no place for errors: bad lines are left out of it, and named. */
async function store(chunk: readonly LineResult[], sink: VectorSink, progress: ProgressLine): Promise<void> {
  for (const { line, embedding, error } of chunk) {
    if (error !== undefined) warn(`${error} Left out.`, progress);
    else {
      const vectors = isMultiVector(embedding) ? rowsOf(embedding) : embedding;
      await sink.write([{ texts: textsOf(line), vector: vectors }]);
    }
  }
}

async function openLineSink(place: SinkPlace, { info }: Runtime, shorter: number | undefined): Promise<VectorSink> {
  const { id, dtype, device, activations, compute, recipe } = info;
  const dims = shorter ?? info.dims;
  const provenance = { model: id, recipe: recipe.name, dtype, device, activations, compute, dims: String(dims) };
  return openSink(place, {
    columns: ['id', 'text', 'image'],
    dims,
    several: recipe.pooling === 'all',
    provenance,
  });
}

/** An id that is no string is written as JSON; a line without one goes by its number. */
function textsOf({ number, id, input, imagePath }: JsonLine): (string | null)[] {
  const name = id === undefined ? String(number) : typeof id === 'string' ? id : JSON.stringify(id);
  return [name, input.text ?? null, imagePath];
}

/**
 * Ids as the model reads them; the grid as HF's `image_grid_thw`, [1, patch rows, patch columns], or `grids` of several
 * pictures; with three axes the position of each token on each.
 */
async function rawTokens(runtime: Runtime, { input }: JsonLine, options: EmbedOptions) {
  const { ids, grids, positions } = await runtime.tokens(input, options);
  const all = grids.map(({ height, width }) => [1, height, width]);
  return { ids, ...(all.length > 1 ? { grids: all } : { grid: all[0] ?? null }), ...(positions && { positions }) };
}
