/** @file `vlm2vec embed`: reads inputs of every kind and writes their vectors, in order, to stdout or to a file. */

import { addAbortSignal } from 'node:stream';
import { InvalidInputError } from '../errors';
import { loadRuntime, type EmbedOptions, type Runtime } from '../runtime';
import { checkAsked } from './asked-options';
import { embedEach, embedSome } from './embed-chunk';
import { askedOptions, factsOf, provenanceOf, type EmbedArguments } from './embed-facts';
import { EmbedProgress } from './embed-progress';
import { rawTokens, rowOf } from './embed-rows';
import { InputsSkipped } from './failure';
import { chunksOf, readAll, shareOf, sliceOf } from './inputs/read';
import type { AnyRecord, Source } from './inputs/record';
import { openSources } from './inputs/sources';
import { printLine } from './output';
import { heldSink } from './outputs/held';
import { jsonLine, stdoutSink } from './outputs/json-lines';
import { openOutput, type Output } from './outputs/output';
import { refuseOwnInputs } from './outputs/own-inputs';
import { parsePlace, type SinkPlace } from './outputs/places';
import type { OutputRow, SinkShape } from './outputs/sink';
import { tableColumns } from './outputs/table-columns';
import { bundleAt } from './places';
import type { ProgressLine } from './progress';
import { recipeAt } from './recipe';
import { serveLines } from './serve';
import { warn } from './warn';

/**
 * Texts in a chunk, by where the weights are: enough to batch, few enough that little is lost when the process is
 * killed. Streamed weights are read once per chunk: the more inputs it has, the less often they are read.
 */
const CHUNK_TEXTS = { resident: 512, streamed: 8192 };

/** Without `skipBad`, one bad input ends the run, and nothing is printed for the others. */
export async function embed(
  words: readonly string[],
  args: EmbedArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  if (args.serve) return serve(words, args, progress, signal);
  const place = placeOf(args);
  const { text: asText, keep, skipBad = false } = args;
  const sources = await openSources(words, { ...args, asText });
  if (place) refuseOwnInputs(place, sources);
  await withModel(args, progress, signal, async (runtime, options, recipe) => {
    const { info } = runtime;
    const shape: SinkShape = {
      ...{ ...shapeOf(runtime, args), provenance: provenanceOf(info, args) },
      columns: place?.kind === 'parquet' || place?.kind === 'lance' ? tableColumns(keep, sources) : [],
    };
    const range = args.shard && (await shareOf(sources, args.shard, signal));
    const output = await openOutput(place, {
      ...{ shape, facts: factsOf(info, args, words, recipe), resume: args.resume, overwrite: args.overwrite },
      otherwise: skipBad ? stdoutSink(shape) : heldSink(shape),
    });
    const all = readAll(sources, { skipBad, signal });
    await run(runtime, range ? sliceOf(all, range) : all, { args, options, output, sources, place, progress, signal });
  });
}

/** Loads the model, warns about options that it honours only in part, and releases it in every case. */
async function withModel(
  args: EmbedArguments,
  progress: ProgressLine,
  signal: AbortSignal,
  use: (runtime: Runtime, options: EmbedOptions, recipe: string | undefined) => Promise<void>,
): Promise<void> {
  const reader = await bundleAt(args.model);
  const recipe = args.recipe === undefined ? undefined : await recipeAt(args.recipe, signal);
  const { device, compute, weights, threads: numThreads } = args;
  const loading = { reader, recipe, device, compute, weights, numThreads, signal };
  const runtime = await loadRuntime({ ...loading, onProgress: progress.show });
  try {
    const options: EmbedOptions = { ...askedOptions(args), signal };
    for (const line of checkAsked(options, runtime.info)) warn(line, progress);
    await use(runtime, options, recipe && JSON.stringify(recipe));
  } finally {
    await runtime.dispose();
  }
}

function shapeOf({ info }: Runtime, { precision, dims = info.dims }: EmbedArguments) {
  return { precision, dims, several: info.recipe.pooling === 'all' };
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

/** Embeds from where the output has got to, up to the end of the inputs. */
async function run(
  runtime: Runtime,
  all: AsyncGenerator<AnyRecord>,
  { args, options, output, sources, place, progress, signal }: RunParts,
): Promise<void> {
  const { skipBad = false, batch } = args;
  try {
    await output.skip(all);
    const shown = new EmbedProgress(progress, sources, output.inputs);
    const size = batch ?? CHUNK_TEXTS[runtime.info.weights];
    for await (const chunk of chunksOf(all, { size, exactly: batch !== undefined })) {
      signal.throwIfAborted();
      output.expectUnfinished();
      const watched: EmbedOptions = { ...options, onProgress: shown.within(chunk.length) };
      const results = skipBad ? await embedSome(runtime, chunk, watched) : await embedEach(runtime, chunk, watched);
      const rows: OutputRow[] = [];
      for (const result of results) {
        const isAsked = args.rawTokens && result.error === undefined;
        rows.push(rowOf(result, place, isAsked ? await rawTokens(runtime, result.record, options) : {}));
      }
      progress.clear();
      await output.write(chunk, rows);
      shown.add(chunk.length);
    }
    await output.finish();
    shown.end();
  } catch (error) {
    const left = await output.fail();
    if (left > 0)
      warn(`${left.toLocaleString('en')} inputs have been written; --resume continues from there.`, progress);
    throw error;
  } finally {
    await all.return(undefined).catch(() => undefined);
  }
  const { inputs, errors, errorsIn } = output;
  if (errors === 0) return;
  throw new InputsSkipped(
    `${errors} of ${inputs} inputs could not be embedded.${errorsIn === null ? '' : ` They are listed in ${errorsIn}.`}`,
  );
}

/** Refuses options of the output that exclude each other before anything is loaded. Null for stdout. */
function placeOf({ out, format, rawTokens: tokens, resume, overwrite }: EmbedArguments): SinkPlace | null {
  const place = out === undefined ? null : parsePlace(out, format);
  const refusals: [unknown, string][] = place
    ? [[tokens && place.kind !== 'jsonl', '--raw-tokens only works with JSON lines.']]
    : [
        [format !== undefined && format !== 'jsonl', `--format ${format} needs --out; stdout only takes jsonl.`],
        [resume, '--resume needs --out: nothing is known about what went to stdout.'],
        [overwrite, '--overwrite needs --out.'],
      ];
  refusals.push([resume && overwrite, '--resume continues a run, but --overwrite starts over: give only one of them.']);
  const refused = refusals.find(([isSo]) => isSo);
  if (refused) throw new InvalidInputError(refused[1]);
  return place;
}

/** Options that are meaningless with `--serve`, which reads stdin and prints lines. */
const NOT_SERVED = {
  out: '--out',
  shard: '--shard',
  jsonl: '--jsonl',
  rawTokens: '--raw-tokens',
  text: '--text',
} as const;

async function serve(
  words: readonly string[],
  args: EmbedArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const given = Object.entries(NOT_SERVED).find(([key]) => args[key as keyof typeof NOT_SERVED] !== undefined);
  const wrong = given?.[1] ?? words[0];
  if (wrong !== undefined) {
    throw new InvalidInputError(`--serve reads stdin and prints JSON lines; it cannot be combined with ${wrong}.`);
  }
  const { textColumn, imageColumn, idColumn, keep } = args;
  await withModel(args, progress, signal, async (runtime, options) => {
    const shape = shapeOf(runtime, args);
    await serveLines(runtime, addAbortSignal(signal, process.stdin), {
      ...{ options, prefix: '', textColumn, imageColumn, idColumn, keep },
      print: (result) => printLine(jsonLine(rowOf(result, null), shape)),
      printEnd: () => printLine(''),
    });
  });
}
