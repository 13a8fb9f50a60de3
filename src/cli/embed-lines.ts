/** @file Lines to vectors, some at a time, in order; whose fault it is where that fails. */

import { VLM2VecError } from '../errors';
import type { Embedding } from '../multi-vector';
import type { EmbedOptions, OnProgress, Runtime } from '../runtime';
import { isBad, lineError, type BadLine, type JsonLine } from './jsonl';
import type { ProgressLine } from './progress';

/**
 * Lines embedded in one call: enough to batch, few enough to see results come. Streamed weights are read for each call: the
 * more lines, the fewer times; the model itself sees to memory.
 */
const CHUNK_LINES = { resident: 64, streamed: 1024 };

export type LineResult =
  | { line: JsonLine; embedding: Embedding; error?: undefined }
  /** `error`: with the line's number. */
  | { line: JsonLine | BadLine; embedding?: undefined; error: string };

export interface EmbedLinesOptions {
  options: EmbedOptions;
  /** What is wrong with a line is its result. Else nothing comes of any line before all are checked. */
  skipBad: boolean;
  progress: ProgressLine;
}

/** @throws InvalidInputError naming the first line that is bad, without `skipBad` */
export async function* embedLines(
  runtime: Runtime,
  lines: readonly (JsonLine | BadLine)[],
  { options, skipBad, progress }: EmbedLinesOptions,
): AsyncGenerator<LineResult[]> {
  const size = CHUNK_LINES[runtime.info.weights];
  for (let start = 0; start < lines.length; start += size) {
    const chunk = lines.slice(start, start + size);
    const watched: EmbedOptions = {
      ...options,
      onProgress: progressWithin(progress, start, chunk.length, lines.length),
    };
    const results = skipBad ? await embedSome(runtime, chunk, watched) : await embedEach(runtime, chunk, watched);
    if (start === 0 && !skipBad) await checkLines(runtime, lines.slice(size), options);
    progress.clear();
    yield results;
    const done = start + chunk.length;
    progress.show({ status: 'progress_total', phase: 'embed', progress: (100 * done) / lines.length });
  }
}

/** Stages that a chunk has gone through, as a part of all lines; without streamed weights there is nothing to tell. */
function progressWithin({ show }: ProgressLine, start: number, count: number, total: number): OnProgress {
  return (event) => {
    if (event.stages) show({ ...event, progress: (100 * start + count * event.progress!) / total });
  };
}

/** Leaves out what is bad. */
async function embedSome(
  runtime: Runtime,
  lines: readonly (JsonLine | BadLine)[],
  options: EmbedOptions,
): Promise<LineResult[]> {
  const errors = new Map<JsonLine | BadLine, string>();
  for (const line of lines) if (isBad(line)) errors.set(line, line.error.message);
  const sound = lines.filter((line): line is JsonLine => !isBad(line));
  const embeddings = await runtime.embed<Embedding | null>(
    sound.map(({ input }) => input),
    {
      ...options,
      onError: 'skip',
      onSkip: ({ index, error }) => errors.set(sound[index]!, named(sound[index]!, error).message),
    },
  );
  return lines.map((line) => {
    const error = errors.get(line);
    if (error !== undefined || isBad(line)) return { line, error: error! };
    return { line, embedding: embeddings[sound.indexOf(line)]! };
  });
}

/** All of them, or the error of one. */
async function embedEach(
  runtime: Runtime,
  lines: readonly (JsonLine | BadLine)[],
  options: EmbedOptions,
): Promise<LineResult[]> {
  const sound = lines.map(expectSound);
  try {
    const embeddings = await runtime.embed<Embedding>(
      sound.map(({ input }) => input),
      options,
    );
    return sound.map((line, i) => ({ line, embedding: embeddings[i]! }));
  } catch (error) {
    if (error instanceof VLM2VecError) await checkLines(runtime, lines, options);
    throw error;
  }
}

/** Prepares each line as for embedding: decodes its images, counts its tokens. Throws for the first that fails. */
async function checkLines(
  runtime: Runtime,
  lines: readonly (JsonLine | BadLine)[],
  options: EmbedOptions,
): Promise<void> {
  for (const line of lines.map(expectSound)) {
    try {
      await runtime.tokens(line.input, options);
    } catch (error) {
      if (!(error instanceof VLM2VecError)) throw error;
      throw named(line, error);
    }
  }
}

/** The line's number in place of the engine's name for the input. */
function named({ number }: JsonLine, error: VLM2VecError) {
  return lineError(number, error.message.replace(/^(?:input|inputs\[\d+\]): /, ''), error);
}

function expectSound(line: JsonLine | BadLine): JsonLine {
  if (isBad(line)) throw line.error;
  return line;
}
