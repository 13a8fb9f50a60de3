/**
 * @file The same language model in the shape that exporters produce, for comparison: one decoder graph with
 * KV-cache inputs and outputs for every layer, and `lm_head` over all tokens. It is built from a bundle's own stored
 * weights and with the same fused operators (which the exporters' first pass lacks), so only the shape differs.
 */

import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleManifest, EmbeddingTable, StoredTensor } from '../../src/bundle/manifest';
import { rowSizes } from '../../src/bundle/blocks';
import type { Qwen2VLConfig } from '../../src/models/qwen2-vl/config';
import { modelConfig } from '../../src/models/qwen2-vl/manifest-config';
import { runName, storedRuns } from '../../src/models/sections';
import {
  addAndNormalize,
  concatLast,
  GraphBuilder,
  linear,
  normalize,
  quickGelu,
  reshape,
  reshapeTo,
  type Product,
  type Value,
} from '../../src/onnx';

const WEIGHTS = 'decoder.weights';
const ALIGNMENT = 64;

/** The graph for timing, and the same with the final hidden states as an output, to check it against the embedder. */
export const DECODER = 'decoder.onnx';
export const DECODER_WITH_HIDDEN = 'decoder-with-hidden.onnx';
/** The graph with activations rounded to int8 in its products (accuracy level 4). */
export const DECODER_INT8 = 'decoder-int8.onnx';
export type UsualGraph = typeof DECODER | typeof DECODER_WITH_HIDDEN | typeof DECODER_INT8;

/** Writes both graphs and their weight file into `out`. */
export async function writeUsualExport(bundle: string, manifest: BundleManifest, out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  const file = createWriteStream(join(out, WEIGHTS));
  const tensors: StoredTensor[] = [];
  let offset = 0;
  const append = async (bytes: Uint8Array) => {
    offset += bytes.length;
    if (!file.write(bytes)) await new Promise<void>((resolve) => file.once('drain', () => resolve()));
  };
  for (const stage of manifest.stages.filter(({ kind }) => kind === 'text')) {
    tensors.push(...stage.tensors.map((tensor) => ({ ...tensor, offset: tensor.offset + offset })));
    await append(await readFile(join(bundle, stage.weights.path)));
    await append(new Uint8Array(-offset & (ALIGNMENT - 1)));
  }
  const head = lmHead(manifest.embeddings, await readFile(join(bundle, manifest.embeddings.path)));
  for (const { tensor, bytes } of head) {
    tensors.push({ ...tensor, offset, bytes: bytes.length });
    await append(bytes);
    await append(new Uint8Array(-offset & (ALIGNMENT - 1)));
  }
  await new Promise<void>((resolve, reject) => file.on('error', reject).end(resolve));
  const config = modelConfig(manifest.config);
  await writeFile(join(out, DECODER), decoderGraph(config, tensors));
  await writeFile(join(out, DECODER_WITH_HIDDEN), decoderGraph(config, tensors, { withHidden: true }));
  await writeFile(join(out, DECODER_INT8), decoderGraph(config, tensors, { product: 'int8' }));
}

/** The tied embedding table in the layout of a matrix. */
function lmHead(
  table: EmbeddingTable,
  rows: Uint8Array,
): { tensor: Omit<StoredTensor, 'offset' | 'bytes'>; bytes: Uint8Array }[] {
  const name = 'lm_head.weight';
  const { dtype, columns, rowBytes } = table;
  if (dtype === 'fp32' || dtype === 'fp16') {
    return [{ tensor: { name, dtype: dtype === 'fp32' ? 'f32' : 'f16', shape: [table.rows, columns] }, bytes: rows }];
  }
  const bits = dtype === 'q8' ? 8 : 4;
  const sizes = rowSizes({ bits, zeroPoints: bits === 4 }, columns);
  const blocks = Math.ceil(columns / 32);
  const cut = (start: number, length: number) => {
    const bytes = new Uint8Array(table.rows * length);
    for (let row = 0; row < table.rows; row++) {
      const at = row * rowBytes + start;
      bytes.set(rows.subarray(at, at + length), row * length);
    }
    return bytes;
  };
  const parts = [
    { name: `${name}.scale`, dtype: 'f16' as const, shape: [table.rows, blocks], start: 0, length: sizes.scales },
    {
      name: `${name}.zp`,
      dtype: 'u8' as const,
      shape: [table.rows, sizes.zeroPoints],
      start: sizes.scales,
      length: sizes.zeroPoints,
    },
    {
      name: `${name}.q`,
      dtype: 'u8' as const,
      shape: [table.rows, blocks, 4 * bits],
      start: sizes.scales + sizes.zeroPoints,
      length: sizes.codes,
    },
  ];
  return parts
    .filter(({ length }) => length > 0)
    .map(({ start, length, ...tensor }) => ({ tensor, bytes: cut(start, length) }));
}

/**
 * in   inputs_embeds [B*S, H], batch_shape int64 [B, S, -1], seqlens_k, total_sequence_length, cos, sin,
 *      past_key_values.N.key, .value [B, kvHeads, P, headDim]
 * out  logits [B*S, vocab], present.N.key, .value [B, kvHeads, P+S, headDim]
 */
function decoderGraph(
  config: Qwen2VLConfig,
  tensors: readonly StoredTensor[],
  { withHidden = false, product = 'float' }: { withHidden?: boolean; product?: Product } = {},
): Uint8Array {
  const { hiddenSize, headDim, rmsEps, vocabSize } = config;
  const graph = new GraphBuilder({ name: 'decoder', weightsPath: WEIGHTS, tensors });
  const tables = ['positions', headDim / 2];
  let hidden = graph.input('inputs_embeds', 'f32', ['tokens', hiddenSize]);
  const run = {
    batchShape: graph.input('batch_shape', 'i64', [3]),
    lastPositions: graph.input('seqlens_k', 'i32', ['batch']),
    length: graph.input('total_sequence_length', 'i32', []),
    cos: graph.input('cos', 'f32', tables),
    sin: graph.input('sin', 'f32', tables),
  };
  let branch: Value | null = null;
  const norm = (name: string): Value => {
    const options = { gamma: graph.stored(`${name}.weight`, 'f32', [hiddenSize]), epsilon: rmsEps };
    if (branch === null) return normalize(graph, name, hidden, options);
    const { normed, sum } = addAndNormalize(graph, name, hidden, branch, options);
    hidden = sum;
    return normed;
  };
  for (let layer = 0; layer < config.layers; layer++) {
    const name = `layers.${layer}`;
    branch = attention({ graph, config, product }, layer, norm(`${name}.input_layernorm`), run);
    branch = gatedMlp({ graph, config, product }, `${name}.mlp`, norm(`${name}.post_attention_layernorm`));
  }
  const last = norm('norm');
  const logits = linear(graph, 'logits', last, {
    weight: 'lm_head.weight',
    inFeatures: hiddenSize,
    outFeatures: vocabSize,
    type: 'f32',
    product,
  });
  graph.output(logits, 'f32', ['tokens', vocabSize]);
  if (withHidden) graph.output(last, 'f32', ['tokens', hiddenSize]);
  return graph.build();
}

interface Decoder {
  graph: GraphBuilder;
  config: Qwen2VLConfig;
  product: Product;
}

function attention(
  { graph, config: { hiddenSize, heads, kvHeads, headDim }, product }: Decoder,
  layer: number,
  x: Value,
  run: Record<'batchShape' | 'lastPositions' | 'length' | 'cos' | 'sin', Value>,
): Value {
  const name = `layers.${layer}.self_attn`;
  const width = (heads + 2 * kvHeads) * headDim;
  const sections = [
    { label: 'q', rows: heads * headDim, role: 'query' },
    { label: 'k', rows: kvHeads * headDim, role: 'key' },
    { label: 'v', rows: kvHeads * headDim, role: 'value' },
  ] as const;
  const isStored = (weight: string) => [`${weight}.q`, weight].some((each) => graph.storedInfo(each));
  const runs = storedRuns(`${name}.qkv.weight`, sections, isStored);
  // If a bundle stores k and v with more bits, exporters would have two products as well.
  const pieces = runs.map((run) => {
    const weight = `${runName(`${name}.qkv`, run)}.weight`;
    const outFeatures = run.reduce((sum, { rows }) => sum + rows, 0);
    const bias = runs.length > 1 ? undefined : graph.stored(`${name}.qkv.bias`, 'f32', [width]);
    return linear(graph, weight, x, { weight, bias, inFeatures: hiddenSize, outFeatures, type: 'f32', product });
  });
  const flat =
    runs.length > 1
      ? graph.node('Add', `${name}.biased`, [
          concatLast(graph, `${name}.qkv`, pieces),
          graph.stored(`${name}.qkv.bias`, 'f32', [width]),
        ])
      : pieces[0]!;
  const qkv = reshapeTo(graph, `${name}.qkv.batched`, flat, run.batchShape);
  const cache = (time: string) => ['batch', kvHeads, time, headDim];
  const past = ['key', 'value'].map((kind) => graph.input(`past_key_values.${layer}.${kind}`, 'f32', cache('past')));
  const present = ['key', 'value'].map((kind) => `present.${layer}.${kind}`);
  const attended = `${name}.attention`;
  graph.nodeOutputs(
    'GroupQueryAttention',
    attended,
    [qkv, null, null, ...past, run.lastPositions, run.length, run.cos, run.sin],
    [attended, ...present],
    {
      domain: 'com.microsoft',
      attributes: {
        num_heads: { int: heads },
        kv_num_heads: { int: kvHeads },
        scale: { float: headDim ** -0.5 },
        do_rotary: { int: 1 },
      },
    },
  );
  for (const value of present) graph.output(value, 'f32', cache('total'));
  return linear(graph, `${name}.o_proj`, reshape(graph, `${name}.rows`, attended, [-1, heads * headDim]), {
    weight: `${name}.o_proj.weight`,
    inFeatures: heads * headDim,
    outFeatures: hiddenSize,
    type: 'f32',
    product,
  });
}

function gatedMlp({ graph, config, product }: Decoder, name: string, x: Value): Value {
  const { hiddenSize, intermediateSize } = config;
  const widen = { inFeatures: hiddenSize, outFeatures: intermediateSize, type: 'f32', product } as const;
  const gate = linear(graph, `${name}.gate_proj`, x, { weight: `${name}.gate_proj.weight`, ...widen });
  const up = linear(graph, `${name}.up_proj`, x, { weight: `${name}.up_proj.weight`, ...widen });
  const active = quickGelu(graph, `${name}.act`, gate, 1);
  return linear(graph, `${name}.down_proj`, graph.node('Mul', `${name}.gated`, [active, up]), {
    weight: `${name}.down_proj.weight`,
    inFeatures: intermediateSize,
    outFeatures: hiddenSize,
    type: 'f32',
    product,
  });
}
