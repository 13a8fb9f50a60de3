/** @file `vlm2vec embed`: JSON lines in, one JSON line with an embedding out for each, in order. */
import { VLM2VecError } from '../errors';
import { loadRuntime, type EmbedOptions, type Runtime } from '../runtime';
import { lineError, readJsonLines, type JsonLine } from './jsonl';
import { printLine } from './output';
import { bundleAt } from './places';
import type { ProgressLine } from './progress';

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
  rawTokens?: boolean;
}

/** Every line is checked before the first result is printed: a bad line anywhere means that nothing is. */
export async function embed(args: EmbedArguments, progress: ProgressLine, signal: AbortSignal): Promise<void> {
  const reader = await bundleAt(args.model);
  const lines = await readJsonLines(args.jsonl);
  if (lines.length === 0) return;
  const runtime = await loadRuntime({ reader, device: args.device, signal, onProgress: progress.show });
  try {
    const { minPixels, maxPixels } = args;
    const options: EmbedOptions = { minPixels, maxPixels, signal };
    for (let start = 0; start < lines.length; start += CHUNK_LINES) {
      const chunk = lines.slice(start, start + CHUNK_LINES);
      const vectors = await embedLines(runtime, chunk, options);
      if (start === 0) await checkLines(runtime, lines.slice(CHUNK_LINES), options);
      progress.clear();
      for (const [i, line] of chunk.entries()) {
        const tokens = args.rawTokens ? await rawTokens(runtime, line, options) : {};
        const embedding = Array.from(vectors[i]!, (value) => Number(value.toPrecision(FLOAT32_DIGITS)));
        await printLine(JSON.stringify({ id: line.id, embedding, ...tokens }));
      }
      const done = start + chunk.length;
      progress.show({ status: 'progress_total', phase: 'embed', progress: (100 * done) / lines.length });
    }
  } finally {
    await runtime.dispose();
  }
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
