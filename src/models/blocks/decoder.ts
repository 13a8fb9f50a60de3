/**
 * @file The language model for embedding only: no cache, no logits, and after the last attention only the pooled
 * rows. B sequences of N tokens together, the longest of S, H = hiddenSize. Rows are packed one after another; only
 * attention spreads them out to [B, S], so nothing else is computed for padding.
 */

import {
  castFrom,
  concatFirst,
  concatLast,
  gatherRows,
  groupQueryAttention,
  l2Normalize,
  reshape,
  reshapeTo,
  rotaryEmbedding,
  scale,
  splitLast,
  type Value,
  zeros,
} from '../../onnx';
import type { Head, Tower } from '../architecture';
import type { Context } from './activations';
import { addMlpSlice, gatedMlp, mostSlices } from './gated-mlp';
import { applyLinear, applyNorm, applyNormF32, linear, norm, weightsOf, type Layer, type Linear } from './layers';
import { addBranch, sumOf, type Stream } from './residual';
import { towerOf, type Step } from './steps';

/** Numbers of a pre-norm decoder with grouped-query attention and a gated MLP. */
export interface DecoderConfig {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly rmsEps: number;
}

export interface DecoderOptions {
  /** Its path in the checkpoint: `model`. */
  readonly source: string;
  /** Whether q, k and v have biases. */
  readonly attentionBias: boolean;
  /** Whether every head of q and k goes through an RMSNorm, before it is rotated. @default false */
  readonly headNorms?: boolean;
  /** After how many of the first layers further features of a picture's tokens are added to those tokens. @default 0 */
  readonly deepLayers?: number;
  /** Whether the checkpoint stores q, k and v as one matrix, and gate and up as another. @default false */
  readonly fused?: boolean;
  readonly head: Head | null;
  /** See {@link Tower.f16Scale}. */
  readonly f16Scale: number;
  /** Slices of each MLP. @default 1 */
  readonly mlpSlices?: number;
}

/** The parts of one layer. */
function decoderLayer(config: DecoderConfig, options: DecoderOptions, index: number) {
  const { hiddenSize, heads, kvHeads, headDim, rmsEps } = config;
  const name = `layers.${index}`;
  const source = `${options.source}.${name}`;
  const rms = (kind: string) =>
    norm({
      name: `${name}.${kind}`,
      source: `${source}.${kind}`,
      length: hiddenSize,
      epsilon: rmsEps,
      bias: false,
    });
  const headNorm = (kind: string) =>
    norm({
      name: `${name}.self_attn.${kind}`,
      source: `${source}.self_attn.${kind}`,
      length: headDim,
      epsilon: rmsEps,
      bias: false,
    });
  return {
    inputNorm: rms('input_layernorm'),
    qkv: linear({
      name: `${name}.self_attn.qkv`,
      sources: (options.fused ? ['qkv_proj'] : ['q_proj', 'k_proj', 'v_proj']).map(
        (kind) => `${source}.self_attn.${kind}`,
      ),
      inFeatures: hiddenSize,
      outFeatures: (heads + 2 * kvHeads) * headDim,
      bias: options.attentionBias,
      sections: [
        { label: 'q', rows: heads * headDim, role: 'query' },
        { label: 'k', rows: kvHeads * headDim, role: 'key' },
        { label: 'v', rows: kvHeads * headDim, role: 'value' },
      ],
    }),
    ...(options.headNorms ? { queryNorm: headNorm('q_norm'), keyNorm: headNorm('k_norm') } : {}),
    output: linear({
      name: `${name}.self_attn.o_proj`,
      sources: [`${source}.self_attn.o_proj`],
      inFeatures: heads * headDim,
      outFeatures: hiddenSize,
      bias: false,
      role: 'output',
    }),
    postNorm: rms('post_attention_layernorm'),
    mlp: gatedMlp(config, {
      name: `${name}.mlp`,
      source: `${source}.mlp`,
      fused: options.fused ?? false,
      slices: options.mlpSlices ?? 1,
    }),
  };
}

type DecoderLayer = ReturnType<typeof decoderLayer>;

/** What comes after the layers: the final norm, and the recipe's head. */
function outputLayers({ hiddenSize, rmsEps }: DecoderConfig, { source, head }: DecoderOptions) {
  const finalNorm = norm({
    name: 'norm',
    source: `${source}.norm`,
    length: hiddenSize,
    epsilon: rmsEps,
    bias: false,
  });
  return { finalNorm, head: head && headLayer(head, hiddenSize) };
}

/** Leaves out the parts that this model lacks. */
function present({ finalNorm, head }: ReturnType<typeof outputLayers>): Record<string, Layer> {
  return head ? { finalNorm, head } : { finalNorm };
}

function headLayer({ weight, bias, size }: Head, hiddenSize: number): Linear {
  const source = weight.replace(/\.weight$/, '');
  return linear({
    name: 'head',
    sources: [source],
    inFeatures: hiddenSize,
    outFeatures: size,
    bias: bias !== undefined,
    quantize: false,
  });
}

/** The whole language model. */
export function decoderTower(config: DecoderConfig, options: DecoderOptions): Tower {
  const { hiddenSize, headDim } = config;
  const { deepLayers = 0 } = options;
  const sources: FeatureSources = { hiddenSize, deepLayers };
  const blocks = Array.from({ length: config.layers }, (_, index) => {
    const steps = decoderSteps(config, decoderLayer(config, options, index), index === config.layers - 1);
    return index < deepLayers ? withDeepFeatures(steps, sources, index) : steps;
  });
  const output = outputLayers(config, options);
  blocks.at(-1)!.push({
    weights: weightsOf(present(output)),
    rows: POOLED,
    apply(context, stream) {
      const vectors = embedding(context, output, stream);
      context.graph.output(vectors, 'f32', [POOLED, options.head?.size ?? hiddenSize]);
      return { hidden: vectors, branch: null };
    },
  });
  return towerOf<TextRun>({
    blocks,
    width: hiddenSize,
    mostSlices: mostSlices(config),
    f16Scale: options.f16Scale,
    start: (context) => spliceEmbeddings(context, sources),
    run: (context) => textRun(context, headDim),
  });
}

/** What the rows of the residual stream are, up to the last attention and after it. */
const TOKENS = 'tokens';
const POOLED = 'pooled';

/** x += attention(norm(x)); x += mlp(norm(x)). */
function decoderSteps(config: DecoderConfig, layer: DecoderLayer, isLast: boolean): Step<TextRun>[] {
  const { inputNorm, qkv, queryNorm, keyNorm, output, postNorm, mlp } = layer;
  const rows = isLast ? POOLED : TOKENS;
  const slices = mlp.map((slice, index): Step<TextRun> => ({
    weights: weightsOf(index === 0 ? { postNorm, ...slice } : slice),
    rows,
    inside: index < mlp.length - 1,
    apply: (context, stream) => addMlpSlice(context, { norm: postNorm, slices: mlp }, stream, index),
  }));
  return [
    {
      weights: weightsOf({ inputNorm, qkv, ...(queryNorm && keyNorm ? { queryNorm, keyNorm } : {}), output }),
      rows,
      apply: (context, stream, run) => attend(context, config, layer, { stream, run: run(), isLast }),
    },
    ...slices,
  ];
}

/** What changes from run to run. */
interface TextRun {
  cos: Value; // [S or N, headDim/2] activations' type
  sin: Value; // [S or N, headDim/2]
  batchShape: Value; // int64 [B, S, -1]
  padded: Value; // int32 [B*S], row of N at each place
  packed: Value; // int32 [N], place of each row
  lastPositions: Value; // int32 [B], tokens - 1
  length: Value; // int32 scalar, S
}

/** The inputs, with the tables in the activations' type. */
function textRun({ graph, precision, positions }: Context, headDim: number): TextRun {
  const table = (name: string) => {
    const input = graph.input(name, 'f32', [positions === 'rows' ? 'tokens' : 'positions', headDim / 2]);
    return castFrom(graph, `${name}.${precision.type}`, input, 'f32', precision.type);
  };
  return {
    cos: table('cos'),
    sin: table('sin'),
    batchShape: graph.input('batch_shape', 'i64', [3]),
    padded: graph.input('padded', 'i32', ['places']),
    packed: graph.input('packed', 'i32', ['tokens']),
    lastPositions: graph.input('seqlens_k', 'i32', ['batch']),
    length: graph.input('total_sequence_length', 'i32', []),
  };
}

/** What the vision tower returns for a picture. */
interface FeatureSources {
  hiddenSize: number;
  deepLayers: number;
}

/**
 * For the visual tokens, what is inserted into the prompt (0), and what is added after each of the first layers (1, …).
 * Declares the input when it is first used. // f32 [V, H]
 */
function featurePart({ graph, precision }: Context, { hiddenSize, deepLayers }: FeatureSources, part: number): Value {
  const widths = new Array<number>(1 + deepLayers).fill(hiddenSize);
  if (!graph.has('features')) {
    const given = graph.input('features', precision.type, ['visual_tokens', hiddenSize * widths.length]);
    const features = castFrom(graph, 'features.f32', given, precision.type, 'f32');
    if (deepLayers > 0) splitLast(graph, 'features.part', features, widths);
  }
  return deepLayers > 0 ? `features.part.${part}` : graph.has('features.f32') ? 'features.f32' : 'features';
}

/** Token rows and visual tokens, each at its place in the prompt. // → [N, H] */
function spliceEmbeddings(context: Context, sources: FeatureSources): Stream {
  const { graph, precision } = context;
  const tokenRows = graph.input('token_rows', 'f32', ['token_rows', sources.hiddenSize]);
  const features = featurePart(context, sources, 0);
  const rows = graph.input('rows', 'i32', ['tokens']);
  const all = concatFirst(graph, 'rows.all', [tokenRows, features]);
  const spliced = gatherRows(graph, 'rows.spliced', all, rows);
  return { hidden: scale(graph, 'rows.scaled', spliced, precision.residual), branch: null };
}

/** The layer's steps; after the last of them x[visual tokens] += features. */
function withDeepFeatures(steps: readonly Step<TextRun>[], sources: FeatureSources, index: number): Step<TextRun>[] {
  const last = steps.at(-1)!;
  const apply: Step<TextRun>['apply'] = (context, stream, run) =>
    addDeepFeatures(context, sources, index, last.apply(context, stream, run));
  return [...steps.slice(0, -1), { ...last, apply }];
}

/** Tokens that do not belong to a picture get a row of zeros. // [N, H] */
function addDeepFeatures(context: Context, sources: FeatureSources, index: number, stream: Stream): Stream {
  const { graph, precision } = context;
  const name = `layers.${index}.deep`;
  const features = featurePart(context, sources, 1 + index);
  const rows = graph.has(FEATURE_ROWS) ? FEATURE_ROWS : graph.input(FEATURE_ROWS, 'i32', ['tokens']);
  const all = concatFirst(graph, `${name}.all`, [zeros(graph, [1, sources.hiddenSize]), features]);
  const added = scale(graph, `${name}.scaled`, gatherRows(graph, `${name}.rows`, all, rows), precision.residual);
  return { hidden: graph.node('Add', name, [sumOf(context, `${name}.before`, stream), added]), branch: null };
}

const FEATURE_ROWS = 'feature_rows';

/** x += attention(norm(x)); after the last one only the pooled rows are kept. // [N, H] → [N or E, H] */
function attend(
  context: Context,
  config: DecoderConfig,
  layer: DecoderLayer,
  { stream, run, isLast }: { stream: Stream; run: TextRun; isLast: boolean },
): Stream {
  const { graph, precision } = context;
  const first = applyNorm(context, layer.inputNorm, stream, precision.residual);
  let heads = attention(context, config, layer, first.normed, run); // [N, heads*headDim]
  let { hidden } = first.stream;
  if (isLast) {
    const pooled = graph.input('last', 'i32', [POOLED]);
    heads = gatherRows(graph, `${layer.output.name}.pooled`, heads, pooled); // [E, heads*headDim]
    hidden = gatherRows(graph, `${layer.inputNorm.name}.pooled`, hidden, pooled); // [E, H]
  }
  return addBranch(context, { hidden, branch: null }, applyLinear(context, layer.output, heads));
}

/** Causal grouped-query attention, without the output projection. // [N, H] → [N, heads*headDim] */
function attention(context: Context, config: DecoderConfig, layer: DecoderLayer, x: Value, run: TextRun): Value {
  const { graph, precision, positions } = context;
  const { heads, kvHeads, headDim } = config;
  const { name } = layer.qkv;
  const plain = applyLinear(context, layer.qkv, x, { factor: precision.residual }); // q | k | v, [N, width]
  const rows = preparedHeads(context, config, layer, { rows: plain, run });
  // After their norms, q and k have their own size again.
  const shrunk = layer.queryNorm ? 1 : precision.residual ** 2;
  const padded = gatherRows(graph, `${name}.padded`, rows, run.padded); // [B*S, width]
  const attended = groupQueryAttention(
    graph,
    `${name}.attention`,
    {
      qkv: reshapeTo(graph, `${name}.batched`, padded, run.batchShape), // [B, S, width]
      lastPositions: run.lastPositions,
      length: run.length,
      rotary: positions === 'rows' ? null : { cos: run.cos, sin: run.sin },
    },
    { heads, kvHeads, scale: headDim ** -0.5 / shrunk },
  ); // [B, S, heads*headDim]
  const places = reshape(graph, `${name}.attention.rows`, attended, [-1, heads * headDim]); // [B*S, heads*headDim]
  return gatherRows(graph, `${name}.attention.packed`, places, run.packed);
}

/** q and k through the heads' norms, and rotated if each row has its own angles. // [N, width] → [N, width] */
function preparedHeads(
  context: Context,
  { heads, kvHeads, headDim }: DecoderConfig,
  layer: DecoderLayer,
  { rows, run }: { rows: Value; run: TextRun },
): Value {
  const { graph, positions } = context;
  const { name } = layer.qkv;
  const turned = (heads + kvHeads) * headDim;
  if (!layer.queryNorm && positions !== 'rows') return rows;
  const [plain, v] = splitLast(graph, `${name}.split`, rows, [turned, kvHeads * headDim]) as [Value, Value];
  const qk = layer.queryNorm ? normHeads(context, layer, plain, [heads * headDim, kvHeads * headDim]) : plain;
  const rotated = positions === 'rows' ? rotateRows(context, name, { qk, columns: turned, run }) : qk;
  return concatLast(graph, `${name}.prepared`, [rotated, v]);
}

/** In float32, as all norms. // [N, q | k] → [N, q | k] */
function normHeads(context: Context, layer: DecoderLayer, qk: Value, widths: readonly [number, number]): Value {
  const { graph, precision } = context;
  const { name } = layer.qkv;
  const single = castFrom(graph, `${name}.qk.f32`, qk, precision.type, 'f32');
  const parts = splitLast(graph, `${name}.qk.split`, single, widths);
  const normed = [layer.queryNorm!, layer.keyNorm!].map((own, i) => {
    const hidden = reshape(graph, `${own.name}.heads`, parts[i]!, [-1, own.length]); // [N*heads, headDim]
    const { normed: each } = applyNormF32(context, own, { hidden, branch: null });
    return reshape(graph, `${own.name}.rows`, each, [-1, widths[i]!]);
  });
  const both = concatLast(graph, `${name}.qk.normed`, normed);
  return castFrom(graph, `${name}.qk.${precision.type}`, both, 'f32', precision.type);
}

/**
 * q and k rotated by each row's own angles. All N rows count as one sequence, whose row i uses the tables' row i.
 * // [N, columns] → [N, columns]
 */
function rotateRows(
  { graph }: Context,
  name: string,
  { qk, columns, run }: { qk: Value; columns: number; run: TextRun },
): Value {
  const sequence = reshape(graph, `${name}.qk.sequence`, qk, [1, -1, columns]);
  const rotated = rotaryEmbedding(graph, `${name}.qk.rotated`, sequence, run);
  return reshape(graph, `${name}.qk.rows`, rotated, [-1, columns]);
}

/** Final norm, head, and L2 norm, in float32. // [E, H] → [E, dims] */
function embedding(context: Context, output: ReturnType<typeof outputLayers>, stream: Stream): Value {
  const { normed } = applyNormF32(context, output.finalNorm, stream);
  const vectors = output.head ? applyLinear(context, output.head, normed, { type: 'f32' }) : normed;
  return l2Normalize(context.graph, 'embedding', vectors);
}
