/**
 * @file Runs a model of another library, transformers.js, on our captions and one of our pictures, and times it like
 * ours.
 */
import {
  AutoConfig,
  AutoModel,
  AutoProcessor,
  AutoTokenizer,
  env,
  RawImage,
  SiglipTextModel,
  SiglipVisionModel,
} from '@huggingface/transformers';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import { captions, comparisonPicture, repeat, type Asked, type Figure } from '../../src/measure';
import type { RivalNews, RivalTask } from './rival-protocol';

interface Embedder {
  texts(texts: string[]): Promise<unknown>;
  picture(image: RawImage): Promise<unknown>;
}

type Progress = { status: string; loaded?: number; total?: number };

const tell = (news: RivalNews) => postMessage(news);

async function load({ kind, repo, device, dtype }: RivalTask): Promise<Embedder> {
  const progress_callback = ({ status, loaded, total }: Progress) => {
    if (status === 'progress_total' && loaded !== undefined && total) tell({ type: 'progress', loaded, total });
  };
  const options = { device, dtype, progress_callback };
  const processor = await AutoProcessor.from_pretrained(repo, { progress_callback });
  if (kind === 'siglip') {
    const tokenizer = await AutoTokenizer.from_pretrained(repo, { progress_callback });
    const text = await SiglipTextModel.from_pretrained(repo, options);
    const vision = await SiglipVisionModel.from_pretrained(repo, options);
    return {
      texts: async (texts) => text(tokenizer(texts, { padding: 'max_length', truncation: true })),
      picture: async (image) => vision(await processor(image)),
    };
  }
  const config = await AutoConfig.from_pretrained(repo, { progress_callback });
  (config as { audio_config?: unknown }).audio_config = null; // the audio tower is not needed
  const model = await AutoModel.from_pretrained(repo, { ...options, config });
  return {
    texts: async (texts) => model(await processor(texts, null, null, null, { padding: true })),
    picture: async (image) => model(await processor(null, image)),
  };
}

async function figureOf(asked: Asked, inputs: number, call: () => Promise<unknown>): Promise<Figure> {
  try {
    const { milliseconds, runs } = await repeat(call);
    const unknown = { tokens: 0, imageTokens: 0, prepare: 0, vision: 0, text: 0, flops: null, share: null, stages: [] };
    return { ...asked, ...unknown, skipped: null, inputs, milliseconds: milliseconds / inputs, runs };
  } catch (error) {
    return { ...asked, skipped: String(error) };
  }
}

async function run(task: RivalTask): Promise<void> {
  env.allowLocalModels = false;
  env.remoteHost = task.hub;
  const ort = env.backends.onnx.wasm!;
  ort.wasmPaths = { wasm: new URL(wasm, import.meta.url).href };
  ort.numThreads = crossOriginIsolated ? Math.max(1, Math.min(8, Math.ceil(navigator.hardwareConcurrency / 2))) : 1;
  const start = performance.now();
  const embedder = await load(task);
  tell({ type: 'loaded', milliseconds: performance.now() - start, library: `transformers.js ${env.version}` });
  let before: { size: number; milliseconds: number } | null = null;
  for (const size of task.captions) {
    const expected: number = before ? (before.milliseconds * size) / 1000 : 0;
    const asked: Asked = { kind: 'captions', size };
    const figure: Figure =
      expected > task.longest
        ? { ...asked, skipped: `it would take ${Math.round(expected)} s or more here` }
        : await figureOf(asked, size, () => embedder.texts(captions(size)));
    if (figure.skipped === null) before = { size, milliseconds: figure.milliseconds };
    tell({ type: 'figure', figure });
  }
  const { data, width, height } = comparisonPicture();
  const image = new RawImage(data, width, height, 3);
  const asked: Asked = { kind: 'picture', size: null };
  tell({ type: 'figure', figure: await figureOf(asked, 1, () => embedder.picture(image)) });
  tell({ type: 'done' });
}

addEventListener('message', ({ data }: MessageEvent<RivalTask>) => {
  run(data).catch((error: unknown) =>
    tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
