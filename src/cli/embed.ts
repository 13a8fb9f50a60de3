/** @file `vlm2vec embed`: JSON lines in; out come JSON lines with an embedding each, in order, or a table of vectors. */

import { InvalidInputError, VLM2VecError } from '../errors';
import type { Shard } from '../eval';
import { loadRuntime, type EmbedOptions, type Runtime } from '../runtime';
import { lineError, readJsonLines, type JsonLine } from './jsonl';
import { printLine } from './output';
import { bundleAt } from './places';
import type { ProgressLine } from './progress';
import { openSink, parseSinkPlace } from './sinks';
import type { SinkPlace, VectorSink } from './vector-sink';

/** Lines embedded in one call: enough to batch, few enough to see results come. */
const CHUNK_LINES = 64;
/** Digits that give back the same float32. */
const FLOAT32_DIGITS = 9;

export interface EmbedArguments {
  model: string;
  jsonl: string;
  device: 'cpu' | 'webgpu';
  minPixels?: number;
  maxPixels?: number;
  orientation: 'exif' | 'stored';
  rawTokens?: boolean;
  shard?: Shard;
  /** `*.parquet` or `lance:<database>/<table>`, in place of stdout. */
  out?: string;
}

/** Every line is checked before the first result is printed: a bad line anywhere means that nothing is. */
export async function embed(args: EmbedArguments, progress: ProgressLine, signal: AbortSignal): Promise<void> {
  const { out, rawTokens: withTokens, shard } = args;
  const place = out === undefined ? null : parseSinkPlace(out);
  if (place && withTokens) throw new InvalidInputError('--raw-tokens is for JSON lines, not for --out.');
  const reader = await bundleAt(args.model);
  const lines = shareOf(await readJsonLines(args.jsonl), shard);
  if (lines.length === 0 && !place) return;
  const runtime = await loadRuntime({ reader, device: args.device, signal, onProgress: progress.show });
  try {
    const { minPixels, maxPixels, orientation } = args;
    const options: EmbedOptions = { minPixels, maxPixels, orientation, signal };
    const write = async (chunk: readonly JsonLine[], vectors: readonly Float32Array[]) => {
      for (const [i, line] of chunk.entries()) {
        const tokens = withTokens ? await rawTokens(runtime, line, options) : {};
        const embedding = Array.from(vectors[i]!, (value) => Number(value.toPrecision(FLOAT32_DIGITS)));
        await printLine(JSON.stringify({ id: line.id, embedding, ...tokens }));
      }
    };
    if (!place) return await embedChunks(runtime, lines, options, progress, write);
    const sink = await openLineSink(place, runtime);
    try {
      await embedChunks(runtime, lines, options, progress, (chunk, vectors) =>
        sink.write(chunk.map((line, i) => ({ texts: textsOf(line), vector: vectors[i]! }))),
      );
      await sink.finish();
    } catch (error) {
      await sink.discard();
      throw error;
    }
  } finally {
    await runtime.dispose();
  }
}

/** The i-th of n runs of lines that follow each other: outputs of all shards in order are the whole output. */
function shareOf(lines: JsonLine[], shard: Shard | undefined): JsonLine[] {
  if (!shard) return lines;
  const { index, count } = shard;
  return lines.slice(Math.floor((lines.length * index) / count), Math.floor((lines.length * (index + 1)) / count));
}

async function embedChunks(
  runtime: Runtime,
  lines: JsonLine[],
  options: EmbedOptions,
  progress: ProgressLine,
  write: (chunk: readonly JsonLine[], vectors: readonly Float32Array[]) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < lines.length; start += CHUNK_LINES) {
    const chunk = lines.slice(start, start + CHUNK_LINES);
    const vectors = await embedLines(runtime, chunk, options);
    if (start === 0) await checkLines(runtime, lines.slice(CHUNK_LINES), options);
    progress.clear();
    await write(chunk, vectors);
    const done = start + chunk.length;
    progress.show({ status: 'progress_total', phase: 'embed', progress: (100 * done) / lines.length });
  }
}

function openLineSink(place: SinkPlace, { info }: Runtime): Promise<VectorSink> {
  const { id, dims, dtype, device, activations } = info;
  const provenance = { model: id, dtype, device, activations, dims: String(dims) };
  return openSink(place, { columns: ['id', 'text', 'image'], dims, provenance });
}

/** An id that is no string is written as JSON; a line without one goes by its number. */
function textsOf({ number, id, input, imagePath }: JsonLine): (string | null)[] {
  const name = id === undefined ? String(number) : typeof id === 'string' ? id : JSON.stringify(id);
  return [name, input.text ?? null, imagePath];
}

/** Embeds lines together; where one of them is at fault, the error names it. */
async function embedLines(runtime: Runtime, lines: JsonLine[], options: EmbedOptions): Promise<Float32Array[]> {
  try {
    return await runtime.embed(
      lines.map(({ input }) => input),
      options,
    );
  } catch (error) {
    if (error instanceof VLM2VecError) await checkLines(runtime, lines, options);
    throw error;
  }
}

/** Prepares each line as for embedding: decodes its image, counts its tokens. Throws for the first that fails. */
async function checkLines(runtime: Runtime, lines: JsonLine[], options: EmbedOptions): Promise<void> {
  for (const { number, input } of lines) {
    try {
      await runtime.tokens(input, options);
    } catch (error) {
      if (!(error instanceof VLM2VecError)) throw error;
      throw lineError(number, error.message.replace(/^input: /, ''), error);
    }
  }
}

/** Ids as the model reads them, and the grid as HF's `image_grid_thw`: [1, patch rows, patch columns]. */
async function rawTokens(runtime: Runtime, { input }: JsonLine, options: EmbedOptions) {
  const { ids, grid } = await runtime.tokens(input, options);
  return { ids, grid: grid && [1, grid.height, grid.width] };
}
