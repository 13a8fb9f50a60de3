/** @file Lines to vectors, some at a time, in order; whose fault it is where that fails. */

import { VLM2VecError } from '../errors';
import type { Embedding } from '../multi-vector';
import type { EmbedOptions, Runtime } from '../runtime';
import { isBad, lineError, type BadLine, type JsonLine } from './jsonl';
import type { ProgressLine } from './progress';

/** Lines embedded in one call: enough to batch, few enough to see results come. */
const CHUNK_LINES = 64;

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
  for (let start = 0; start < lines.length; start += CHUNK_LINES) {
    const chunk = lines.slice(start, start + CHUNK_LINES);
    const results = skipBad ? await embedSome(runtime, chunk, options) : await embedEach(runtime, chunk, options);
    if (start === 0 && !skipBad) await checkLines(runtime, lines.slice(CHUNK_LINES), options);
    progress.clear();
    yield results;
    const done = start + chunk.length;
    progress.show({ status: 'progress_total', phase: 'embed', progress: (100 * done) / lines.length });
  }
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
