/**
 * @file The vision tower: patches with learned positions, blocks, and attention pooling (MAP): a learned query looks at all
 * patches once, and an MLP follows. B pictures of P patches, D = width.
 */

import {
  castFrom,
  l2Normalize,
  multiHeadAttention,
  repeatFor,
  reshape,
  reshapeTo,
  scale,
  splitLast,
  type Value,
} from '../../onnx';
import type { Tower } from '../architecture';
import type { Context } from '../blocks/activations';
import { applyLinear, applyNorm, applyTable, linear, table, weightsOf } from '../blocks/layers';
import { sumOf, type Stream } from '../blocks/residual';
import { towerOf } from '../blocks/steps';
import { VIT_ROWS, vitMlp, vitRun, type VitRun } from '../blocks/vit';
import { gridOf, type SiglipConfig } from './config';
import { ACTIVATION, encoderBlocks, F16_SCALE, layerNorm, mlpLayers, outputLayer, section } from './encoder';
import { PROBE_IN, VISION } from './names';

type VisionConfig = SiglipConfig['vision'];

const CHANNELS = 3;
const PICTURES = 'pictures';

function embedLayers(config: VisionConfig) {
  const { width, patchSize } = config;
  const source = `${VISION}.embeddings`;
  return {
    patches: linear({
      name: 'vision.patch_embed',
      sources: [`${source}.patch_embedding`],
      inFeatures: CHANNELS * patchSize ** 2,
      outFeatures: width,
      bias: true,
      quantize: false,
    }),
    positions: table({
      name: 'vision.positions',
      source: `${source}.position_embedding.weight`,
      shape: [gridOf(config) ** 2, width],
    }),
  };
}

function headLayers(config: VisionConfig) {
  const { width } = config;
  const source = `${VISION}.head`;
  const whole = [3 * width, width] as const;
  const rows = (first: number, last: number) => ({ of: whole, rows: [{ first: first * width, last: last * width }] });
  return {
    postNorm: layerNorm(config, { name: 'vision.norm', source: `${VISION}.post_layernorm` }),
    probe: table({ name: 'vision.head.probe', source: `${source}.probe`, shape: [1, width] }),
    // This is multiplied with the probe only once, when the session is created; in few bits, all pictures would be seen
    // through a wrong query.
    query: linear({
      ...{ name: 'vision.head.attn.query', sources: [PROBE_IN], bias: true, quantize: false },
      ...{ inFeatures: width, outFeatures: width, slice: rows(0, 1) },
    }),
    kv: linear({
      ...{ name: 'vision.head.attn.kv', sources: [PROBE_IN], bias: true },
      ...{ inFeatures: width, outFeatures: 2 * width, slice: rows(1, 3) },
      sections: [section('k', width), section('v', width)],
    }),
    proj: outputLayer(config, { name: 'vision.head.attn.proj', source: `${source}.attention.out_proj` }),
    ...mlpLayers(config, { name: 'vision.head', source }, `${source}.layernorm`),
  };
}

/** Takes `patches` [B*P, 3·patchSize²] and `batch_shape` [B, P, -1]; gives `embedding` [B, D]. */
export function visionTower(config: VisionConfig): Tower {
  const { width, headDim } = config;
  const embed = embedLayers(config);
  const head = headLayers(config);
  const { postNorm, probe, query, kv, proj, ...mlp } = head;
  const blocks = encoderBlocks(config, { name: 'vision', source: VISION }, () => ({}));
  blocks[0]!.unshift({
    weights: weightsOf(embed),
    rows: VIT_ROWS,
    apply: (context, { hidden }) => embedPatches(context, config, embed, hidden),
  });
  blocks.at(-1)!.push(
    {
      weights: weightsOf({ postNorm, probe, query, kv, proj }),
      rows: PICTURES,
      apply: (context, stream, run) => pool(context, config, head, { stream, run: run() }),
    },
    {
      weights: weightsOf(mlp),
      rows: PICTURES,
      apply(context, stream) {
        const { graph } = context;
        const pooled = sumOf(context, 'vision.pooled', vitMlp(context, { activation: ACTIVATION }, mlp, stream));
        const vectors = l2Normalize(graph, 'embedding', pooled);
        graph.output(vectors, 'f32', [PICTURES, width]);
        return { hidden: vectors, branch: null };
      },
    },
  );
  return towerOf<VitRun>({
    blocks,
    width,
    f16Scale: F16_SCALE,
    start: ({ graph }) => ({
      hidden: graph.input('patches', 'f32', [VIT_ROWS, embed.patches.inFeatures]),
      branch: null,
    }),
    run: (context) => vitRun(context, { rotary: false, headDim }),
  });
}

/** // [B*P, 3·patchSize²] → [B*P, D] */
function embedPatches(
  context: Context,
  config: VisionConfig,
  { patches, positions }: ReturnType<typeof embedLayers>,
  x: Value,
): Stream {
  const { graph, precision } = context;
  const { residual } = precision;
  const flat = applyLinear(context, patches, x, { type: 'f32', alpha: residual, factor: residual });
  const pictures = reshape(graph, 'vision.pictures', flat, [-1, gridOf(config) ** 2, config.width]); // [B, P, D]
  const placed = graph.node('Add', 'vision.placed', [pictures, applyTable(context, positions, residual)]);
  return { hidden: reshape(graph, 'vision.placed.rows', placed, [-1, config.width]), branch: null };
}

/** One query over all patches of each picture; a new stream begins with its result. // [B*P, D] → [B, D] */
function pool(
  context: Context,
  { width, heads, headDim }: VisionConfig,
  { postNorm, probe, query, kv, proj }: ReturnType<typeof headLayers>,
  { stream, run }: { stream: Stream; run: VitRun },
): Stream {
  const { graph, precision } = context;
  const { type, residual: factor } = precision;
  const { normed } = applyNorm(context, postNorm, stream, factor);
  const flat = applyLinear(context, kv, normed, { factor });
  const batched = reshapeTo(graph, `${kv.name}.batched`, flat, run.batchShape); // [B, P, 2*D]
  const [k, v] = splitLast(graph, `${kv.name}.split`, batched, [width, width]) as [Value, Value];
  const asked = applyLinear(context, query, applyTable(context, probe), { type: 'f32' }); // [1, D], a constant
  const rows = castFrom(
    graph,
    `${query.name}.${type}`,
    scale(graph, `${query.name}.scaled`, asked, factor),
    'f32',
    type,
  );
  const q = repeatFor(graph, `${query.name}.each`, rows, { x: k, count: 1 }); // [B, 1, D]
  const scaling = headDim ** -0.5 / factor ** 2;
  const found = multiHeadAttention(graph, 'vision.head.attention', { q, k, v }, { heads, scale: scaling });
  const flatFound = reshape(graph, 'vision.head.attention.rows', found, [-1, width]); // [B, D]
  const hidden = castFrom(graph, `${proj.name}.f32`, applyLinear(context, proj, flatFound, { factor }), type, 'f32');
  return { hidden, branch: null };
}
