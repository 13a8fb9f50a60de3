/**
 * @file The vision tower: patches of a batch of pictures that share one grid → visual tokens, and what is added to them
 * in the first layers of the language model (DeepStack). B pictures, P patches each, D = width.
 */

import { concatLast, gatherRows, reshape, reshapeTo, splitLast, type Value } from '../../onnx';
import type { Tower } from '../architecture';
import type { Context } from '../blocks/activations';
import { applyLinear, applyTable, linear, norm, table, weightsOf } from '../blocks/layers';
import { besidePatches, fromBeside, merge, patchMerger, type Merger } from '../blocks/merger';
import { summed, type Stream } from '../blocks/residual';
import { towerOf, type Step } from '../blocks/steps';
import { VIT_ROWS, vitRun, vitSteps, type VitBlock, type VitRun } from '../blocks/vit';
import type { Qwen3VLConfig } from './config';
import { VISION } from './names';

/** Not in the config: every norm of the tower uses it. */
const EPSILON = 1e-6;
/** As in Qwen2-VL's tower, from which it derives: massive channels, read through norms. */
const F16_SCALE = 1 / 16;
const CHANNELS = 3;
/** Rows of the table from which a position is mixed. */
const CORNERS = 4;

/** The values in one patch of one frame: 768. */
const patchLength = ({ vision }: Qwen3VLConfig) => CHANNELS * vision.patchSize ** 2;

/** Patches → tower: the kernel is as large as its stride, so it is a matrix product. Kept in float32. */
function embedLayers(config: Qwen3VLConfig) {
  const { width, patchSize, tableSide } = config.vision;
  return {
    patches: linear({
      name: 'vision.patch_embed',
      sources: [`${VISION}.patch_embed.proj`],
      inFeatures: patchLength(config),
      outFeatures: width,
      bias: true,
      quantize: false,
      // A still image is two equal frames.
      rowTransform: 'fold-temporal',
      patchArea: patchSize ** 2,
    }),
    positions: table({
      name: 'vision.positions',
      source: `${VISION}.pos_embed.weight`,
      shape: [tableSide ** 2, width],
    }),
  };
}

function blockLayers({ vision }: Qwen3VLConfig, index: number): VitBlock {
  const name = `vision.blocks.${index}`;
  const source = `${VISION}.blocks.${index}`;
  const { width, mlpDim } = vision;
  const layerNorm = (kind: string) =>
    norm({ name: `${name}.${kind}`, source: `${source}.${kind}`, length: width, epsilon: EPSILON, bias: true });
  const biased = (kind: string, inFeatures: number, outFeatures: number) =>
    linear({ name: `${name}.${kind}`, sources: [`${source}.${kind}`], inFeatures, outFeatures, bias: true });
  return {
    norm1: layerNorm('norm1'),
    qkv: biased('attn.qkv', width, 3 * width),
    proj: biased('attn.proj', width, width),
    norm2: layerNorm('norm2'),
    fc1: biased('mlp.linear_fc1', width, mlpDim),
    fc2: biased('mlp.linear_fc2', mlpDim, width),
  };
}

/** mergeSize² patches → one visual token; for further layers, the norm comes after the grouping. */
function merger({ vision, hiddenSize }: Qwen3VLConfig, deep?: number): Merger {
  const module = deep === undefined ? 'merger' : `deepstack_merger_list.${deep}`;
  return patchMerger({
    name: deep === undefined ? 'vision.merger' : `vision.deep.${deep}`,
    source: `${VISION}.${module}`,
    parts: { norm: 'norm', fc1: 'linear_fc1', fc2: 'linear_fc2' },
    width: vision.width,
    group: vision.mergeSize ** 2,
    hiddenSize,
    epsilon: EPSILON,
    normsGroups: deep !== undefined,
  });
}

export function visionTower(config: Qwen3VLConfig): Tower {
  const { vision, hiddenSize } = config;
  const { depth, width, headDim, deepBlocks, mergeSize } = vision;
  const embed = embedLayers(config);
  const last = merger(config);
  const besides = hiddenSize / mergeSize ** 2; // columns of a visual token's quarter beside its patches
  /** The width of the stream after so many mergers. */
  const carriedBy = (count: number) => new Array<number>(count).fill(besides);
  const vit = { ...vision, activation: 'gelu_tanh' } as const;
  const blocks = Array.from({ length: depth }, (_, index) => {
    const before = deepBlocks.filter((block) => block < index).length;
    const steps: Step<VitRun>[] = vitSteps(vit, blockLayers(config, index)).map((step) => ({
      ...step,
      carried: carriedBy(before),
    }));
    if (deepBlocks.includes(index)) steps.push(deepStep(merger(config, before), before, carriedBy(before + 1)));
    return steps;
  });
  blocks[0]!.unshift({
    weights: weightsOf(embed),
    rows: VIT_ROWS,
    apply: (context, { hidden }, run) => embedPatches(context, embed, hidden, run()),
  });
  blocks.at(-1)!.push({
    weights: weightsOf(last),
    rows: 'visual_tokens',
    apply(context, stream) {
      const { graph, precision } = context;
      const deep = (stream.carried ?? []).map((each, i) => fromBeside(context, `features.deep.${i}`, each, hiddenSize));
      if (deep.length === 0) merge(context, last, stream, 'features');
      else concatLast(graph, 'features', [merge(context, last, stream), ...deep]);
      graph.output('features', precision.type, ['visual_tokens', hiddenSize * (1 + deep.length)]);
      return { hidden: 'features', branch: null };
    },
  });
  return towerOf<VitRun>({
    blocks,
    width,
    f16Scale: F16_SCALE,
    start: ({ graph }) => ({ hidden: graph.input('patches', 'f32', [VIT_ROWS, patchLength(config)]), branch: null }),
    run: (context) => vitRun(context, { rotary: true, headDim }),
  });
}

/** Features for a layer of the language model, carried to the end of the tower. */
function deepStep(layers: Merger, index: number, carried: readonly number[]): Step<VitRun> {
  return {
    weights: weightsOf(layers),
    rows: VIT_ROWS,
    carried,
    apply(context, stream) {
      const whole = summed(context, `vision.deep.${index}.state`, stream);
      const beside = besidePatches(context, `vision.deep.${index}`, merge(context, layers, whole), carried[index]!);
      return { ...whole, carried: [...(stream.carried ?? []), beside] };
    },
  };
}

/** Patches and their positions. // [B*P, 768] → [B*P, D] */
function embedPatches(
  context: Context,
  { patches, positions }: ReturnType<typeof embedLayers>,
  x: Value,
  { batchShape }: VitRun,
): Stream {
  const { graph, precision } = context;
  const { residual } = precision;
  const { outFeatures: width } = patches;
  const flat = applyLinear(context, patches, x, { type: 'f32', alpha: residual, factor: residual });
  const pictures = reshapeTo(graph, 'vision.pictures', flat, batchShape); // [B, P, D]
  const placed = graph.node('Add', 'vision.placed', [pictures, mixedPositions(context, positions)]);
  return { hidden: reshape(graph, 'vision.placed.rows', placed, [-1, width]), branch: null };
}

/** The sum of four rows of the table, each times its weight. // [P, D] */
function mixedPositions(context: Context, positions: ReturnType<typeof embedLayers>['positions']): Value {
  const { graph, precision } = context;
  const { name } = positions;
  const all = applyTable(context, positions, precision.residual); // [48², D]
  const ones = new Array<number>(CORNERS).fill(1);
  const rows = splitLast(graph, `${name}.rows`, graph.input('position_rows', 'i32', ['positions', CORNERS]), ones);
  const given = graph.input('position_weights', 'f32', ['positions', CORNERS]);
  const weights = splitLast(graph, `${name}.weights`, given, ones); // [P, 1]
  const parts = rows.map((corner, i) => {
    const gathered = gatherRows(graph, `${name}.row.${i}`, all, reshape(graph, `${name}.index.${i}`, corner, [-1]));
    return graph.node('Mul', `${name}.part.${i}`, [gathered, weights[i]!]); // [P, D]
  });
  return parts.reduce((sum, part, i) => graph.node('Add', `${name}.sum.${i}`, [sum, part]));
}
