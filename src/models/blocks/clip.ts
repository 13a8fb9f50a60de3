/**
 * @file CLIP's vision transformer as the tower of a larger model: tiles of one size, a class token before the patches,
 * learned positions, a norm before the first block. It returns the hidden state before the last block or blocks, for
 * the patches alone. B tiles of P patches, D = width.
 */

import { castFrom, concatRows, repeatFor, reshape, rowsOf, scale, type Value } from '../../onnx';
import type { Tower } from '../architecture';
import type { PlannedWeight } from '../types';
import type { Context } from './activations';
import { applyLinear, applyNormF32, applyTable, linear, norm, table, weightsOf } from './layers';
import { sumOf, type Stream } from './residual';
import { towerOf } from './steps';
import { VIT_ROWS, vitRun, vitSteps, type VitBlock, type VitRun } from './vit';

export interface ClipConfig {
  /** Blocks that run: of ViT-L's 24, all except the last if `hidden_states[-2]` is used. */
  readonly depth: number;
  readonly width: number;
  readonly heads: number;
  readonly headDim: number;
  /** Hidden width of the MLP. */
  readonly mlpDim: number;
  /** Sides of a patch and of a tile, in pixels. */
  readonly patchSize: number;
  readonly imageSize: number;
  readonly layerNormEps: number;
}

/**
 * No scale is needed: CLIP is published in float16 and runs in it, and the projector after it reads the stream
 * unscaled, so the stream has to fit.
 */
const F16_SCALE = 1;

const CHANNELS = 3;

/** Patches of one tile: 576. */
export function clipPatches({ imageSize, patchSize }: ClipConfig): number {
  return (imageSize / patchSize) ** 2;
}

/** What the larger model computes from the patches. */
export interface ClipConnector {
  readonly weights: readonly PlannedWeight[];
  /** Visual tokens that it returns for each tile, including constant rows. */
  readonly rows: number;
  readonly hiddenSize: number;
  /** Its result is named `features`, of the activations' type. // [B, P, D] of the same → [B * rows, hiddenSize] */
  build(context: Context, patches: Value): Value;
}

export interface ClipOptions {
  /** Its path in the checkpoint: `vision_tower.vision_model`. */
  readonly source: string;
  readonly connector: ClipConnector;
}

function embedLayers(config: ClipConfig, source: string) {
  const { width, patchSize, layerNormEps } = config;
  const embeddings = `${source}.embeddings`;
  return {
    classToken: table({ name: 'vision.class_token', source: `${embeddings}.class_embedding`, shape: [width] }),
    patches: linear({
      name: 'vision.patch_embed',
      sources: [`${embeddings}.patch_embedding`],
      inFeatures: CHANNELS * patchSize ** 2,
      outFeatures: width,
      bias: false,
      quantize: false,
    }),
    positions: table({
      name: 'vision.positions',
      source: `${embeddings}.position_embedding.weight`,
      shape: [clipPatches(config) + 1, width],
    }),
    norm: norm({
      name: 'vision.pre_norm',
      source: `${source}.pre_layrnorm`, // the spelling of the files
      length: width,
      epsilon: layerNormEps,
      bias: true,
    }),
  };
}

function blockLayers({ width, mlpDim, layerNormEps }: ClipConfig, source: string, index: number): VitBlock {
  const name = `vision.blocks.${index}`;
  const from = `${source}.encoder.layers.${index}`;
  const layerNorm = (kind: string, theirs: string) =>
    norm({ name: `${name}.${kind}`, source: `${from}.${theirs}`, length: width, epsilon: layerNormEps, bias: true });
  const biased = (kind: string, theirs: readonly string[], [inFeatures, outFeatures]: readonly [number, number]) =>
    linear({
      name: `${name}.${kind}`,
      sources: theirs.map((each) => `${from}.${each}`),
      inFeatures,
      outFeatures,
      bias: true,
    });
  return {
    norm1: layerNorm('norm1', 'layer_norm1'),
    qkv: biased('attn.qkv', ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'], [width, 3 * width]),
    proj: biased('attn.proj', ['self_attn.out_proj'], [width, width]),
    norm2: layerNorm('norm2', 'layer_norm2'),
    fc1: biased('mlp.fc1', ['mlp.fc1'], [width, mlpDim]),
    fc2: biased('mlp.fc2', ['mlp.fc2'], [mlpDim, width]),
  };
}

/**
 * Takes `patches` [B*P, 588] (tiles one after another, patches row by row; within a patch: channel, row, column) and
 * `batch_shape` [B, P + 1, -1].
 */
export function clipTower(config: ClipConfig, { source, connector }: ClipOptions): Tower {
  const { depth, width, headDim } = config;
  const embed = embedLayers(config, source);
  const { inFeatures } = embed.patches;
  const blocks = Array.from({ length: depth }, (_, index) => vitSteps(config, blockLayers(config, source, index)));
  blocks[0]!.unshift({
    weights: weightsOf(embed),
    rows: VIT_ROWS,
    apply: (context, { hidden }) => embedTiles(context, config, embed, hidden),
  });
  blocks.at(-1)!.push({
    weights: connector.weights,
    rows: 'visual_tokens',
    apply(context, stream) {
      const features = connector.build(context, patchStates(context, config, stream));
      context.graph.output(features, context.precision.type, ['visual_tokens', connector.hiddenSize]);
      return { hidden: features, branch: null };
    },
  });
  return towerOf<VitRun>({
    blocks,
    width,
    f16Scale: F16_SCALE,
    start: ({ graph }) => ({ hidden: graph.input('patches', 'f32', [VIT_ROWS, inFeatures]), branch: null }),
    run: (context) => vitRun(context, { rotary: false, headDim }),
  });
}

/** Class token before the patches, positions, norm. // [B*P, 588] → [B*(P+1), D] */
function embedTiles(
  context: Context,
  config: ClipConfig,
  { classToken, patches, positions, norm: preNorm }: ReturnType<typeof embedLayers>,
  x: Value,
): Stream {
  const { graph, precision } = context;
  const { residual } = precision;
  const { width } = config;
  const flat = applyLinear(context, patches, x, { type: 'f32', alpha: residual });
  const tiles = reshape(graph, 'vision.tiles', flat, [-1, clipPatches(config), width]); // [B, P, D]
  const first = repeatFor(graph, 'vision.class_tokens', applyTable(context, classToken, residual), {
    x: tiles,
    count: 1,
  }); // [B, 1, D]
  const whole = concatRows(graph, 'vision.sequences', [first, tiles]); // [B, P+1, D]
  const placed = graph.node('Add', 'vision.placed', [whole, applyTable(context, positions, residual)]);
  const hidden = reshape(graph, 'vision.placed.rows', placed, [-1, width]); // [B*(P+1), D]
  const { normed } = applyNormF32(context, preNorm, { hidden, branch: null }, residual);
  return { hidden: normed, branch: null };
}

/** The hidden state unchanged, without the class token. // → [B, P, D] of the activations' type */
function patchStates(context: Context, config: ClipConfig, stream: Stream): Value {
  const { graph, precision } = context;
  const closed = sumOf(context, 'vision.state', stream); // [B*(P+1), D]
  const sequences = reshape(graph, 'vision.state.sequences', closed, [-1, clipPatches(config) + 1, config.width]);
  const patches = rowsOf(graph, 'vision.state.patches', sequences, { first: 1 });
  const unscaled = scale(graph, 'vision.state.unscaled', patches, 1 / precision.residual);
  return castFrom(graph, `vision.state.${precision.type}`, unscaled, 'f32', precision.type);
}

/**
 * Visual tokens, with constant rows after those of every tile, so that any order of both is an index list. // [B, n,
 * hidden], [c, hidden] → [B * (n + c), hidden]
 */
export function withConstantRows(
  { graph }: Context,
  name: string,
  tiles: Value,
  constants: { rows: Value; shape: readonly [rows: number, columns: number] },
): Value {
  const { rows, shape } = constants;
  const repeated = repeatFor(graph, `${name}.constant`, rows, { x: tiles, count: shape[0] }); // [B, c, hidden]
  const together = concatRows(graph, `${name}.tiles`, [tiles, repeated]);
  return reshape(graph, name, together, [-1, shape[1]]);
}
