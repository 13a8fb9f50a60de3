/** @file A tiny SigLIP, as the Hub would serve it: the page's comparison runs on it without a network. */
import { readFileSync } from 'node:fs';
import type { BrowserContext } from '@playwright/test';
import { GraphBuilder } from '../src/onnx';

const TOKENIZER = 'reference/fixtures/checkpoints/tiny-tied/tokenizer.json';

/** A graph that computes the mean of its input. // [n, …] → [n, 1] */
function meanGraph(input: string, type: 'i64' | 'f32', shape: (string | number)[], axes: number[]): Buffer {
  const graph = new GraphBuilder({ name: input, weightsPath: 'none', tensors: [] });
  const x = graph.node('Cast', 'x', [graph.input(input, type, shape)], { attributes: { to: { int: 1 } } });
  const attributes = { axes: { ints: axes }, keepdims: { int: 1 } };
  graph.output(graph.node('ReduceMean', 'pooler_output', [x], { attributes }), 'f32', ['n', ...axes.map(() => 1)]);
  return Buffer.from(graph.build());
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

const FILES: Record<string, Buffer> = {
  'config.json': json({
    model_type: 'siglip',
    text_config: { model_type: 'siglip_text_model' },
    vision_config: { model_type: 'siglip_vision_model' },
  }),
  'preprocessor_config.json': json({
    ...{ image_processor_type: 'SiglipImageProcessor', do_resize: true, do_rescale: true, do_normalize: true },
    ...{ image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5], rescale_factor: 1 / 255, resample: 3 },
    size: { width: 32, height: 32 },
  }),
  'tokenizer.json': readFileSync(TOKENIZER),
  'tokenizer_config.json': json({
    ...{ tokenizer_class: 'PreTrainedTokenizerFast', model_max_length: 16, pad_token: '<|endoftext|>' },
  }),
  'onnx/text_model_quantized.onnx': meanGraph('input_ids', 'i64', ['n', 'length'], [1]),
  'onnx/vision_model_quantized.onnx': meanGraph('pixel_values', 'f32', ['n', 3, 'height', 'width'], [1, 2, 3]),
};

/** Serves it in place of the Hub; for the other model, only the list. @returns the files that were requested */
export async function serveTinySiglip(context: BrowserContext): Promise<string[]> {
  const asked: string[] = [];
  await context.route('https://huggingface.co/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    const headers = { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' };
    if (/^\/api\/models\/Xenova\/.*\/tree\/main$/.test(pathname)) {
      const list = Object.entries(FILES).map(([path, { length }]) => ({ path, size: length }));
      return route.fulfill({ json: list, headers });
    }
    if (pathname.startsWith('/api/')) {
      const files = ['onnx/model_q4.onnx', 'onnx/model_q4.onnx_data', 'onnx/vision_encoder_q4.onnx', 'onnx/audio.onnx'];
      return route.fulfill({ json: files.map((path) => ({ path, size: 1e6 })), headers });
    }
    const file = /^\/Xenova\/siglip-base-patch16-224\/resolve\/main\/(.+)$/.exec(pathname)?.[1];
    if (file !== undefined) asked.push(file);
    const body = file === undefined ? undefined : FILES[file];
    return body ? route.fulfill({ body, headers }) : route.fulfill({ status: 404, headers });
  });
  return asked;
}
