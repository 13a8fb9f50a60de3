/**
 * @file The distributions of random tensors, by their names, so that a model made from them computes plausible numbers.
 */

import { ADAPTER_ALPHA, type FileTensor } from '../../src/testing/official-models';
import type { Spread } from './random-weights';
import type { RandomTensor } from './safetensors-file';

/** Projections that end in the residual stream: halved, so that it does not grow with every block. */
const OUTPUT = /\.(o_proj|out_proj|down_proj|(linear_)?fc2|attn\.proj)(\.|$)/;
const NORM = /(norm\d?|layrnorm|layernorm|ln_q)\.weight$/;

const gainOf = (name: string) => (OUTPUT.test(name) ? 0.5 : 1);

/** Matrices keep the scale of their inputs, norms are near one, and learned rows are as large as token rows. */
export function baseSpread({ name, shape }: FileTensor): Spread {
  if (name.endsWith('.bias')) return { mean: 0, deviation: 0.1 };
  if (NORM.test(name)) return { mean: 1, deviation: 0.1 };
  if (name.startsWith('logit_')) return { mean: 0, deviation: 1 };
  const isTable = /(embed_tokens|token_embedding|position_embedding|pos_embed)\.weight$/.test(name);
  if (isTable || /(\.probe|image_newline|_GN|class_embedding)$/.test(name)) {
    return { mean: 0, deviation: 0.7 };
  }
  const fanIn = shape.slice(1).reduce((product, length) => product * length, 1);
  return { mean: 0, deviation: gainOf(name) / Math.sqrt(fanIn) };
}

/** The update is a fifth of the weight. `tensors`: A, B and magnitudes of one module after another. */
export function adapterSpreads(tensors: readonly FileTensor[]): RandomTensor[] {
  const inputs = new Map<string, FileTensor>();
  for (const tensor of tensors) inputs.set(tensor.name, tensor);
  const spread = ({ name }: FileTensor): Spread => {
    if (name.endsWith('.lora_A.weight')) return { mean: 0, deviation: 1 };
    const gain = gainOf(name);
    if (!name.endsWith('.lora_B.weight')) return { mean: gain, deviation: 0.05 * gain };
    const [rank, inn] = inputs.get(name.replace('lora_B', 'lora_A'))!.shape as [number, number];
    // B·A of unit-variance A grows with the root of the rank.
    const scaling = ADAPTER_ALPHA / rank;
    return { mean: 0, deviation: (0.2 * gain) / Math.sqrt(inn) / scaling / Math.sqrt(rank) };
  };
  return tensors.map((tensor) => ({ ...tensor, spread: spread(tensor) }));
}
