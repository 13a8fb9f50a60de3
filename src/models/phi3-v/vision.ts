/**
 * @file The vision tower: CLIP, whose patches are joined two by two, and a projector of two layers on each of these and on
 * the separators. // [B*P, 588] → [B*(P/4 + 2), H]
 */

import { castFrom, gelu, reshape, swapMiddle, type Value } from '../../onnx';
import type { Tower } from '../architecture';
import type { Context } from '../blocks/activations';
import { clipTower, withConstantRows } from '../blocks/clip';
import { applyLinear, applyTable, linear, table, weightsOf } from '../blocks/layers';
import type { Phi3VConfig } from './config';
import { IMAGE, VISION } from './names';
import { CONSTANT_ROWS } from './picture';

/** Patches per visual token, along each side. */
const MERGE = 2;

function connectorLayers({ vision, hiddenSize }: Phi3VConfig) {
  const width = MERGE ** 2 * vision.width;
  const biased = (index: number, inFeatures: number) =>
    linear({
      name: `vision.projector.${index}`,
      sources: [`${IMAGE}.img_projection.${index}`],
      inFeatures,
      outFeatures: hiddenSize,
      bias: true,
    });
  return {
    endOfRow: table({ name: 'vision.end_of_row', source: `${IMAGE}.sub_GN`, shape: [1, width] }),
    beforeView: table({ name: 'vision.before_view', source: `${IMAGE}.glb_GN`, shape: [1, width] }),
    fc1: biased(0, width),
    fc2: biased(2, hiddenSize),
  };
}

type ConnectorLayers = ReturnType<typeof connectorLayers>;

export function visionTower(config: Phi3VConfig): Tower {
  const { vision, hiddenSize } = config;
  const layers = connectorLayers(config);
  const perSide = vision.imageSize / vision.patchSize / MERGE;
  return clipTower(vision, {
    source: VISION,
    connector: {
      weights: weightsOf(layers),
      rows: perSide ** 2 + CONSTANT_ROWS,
      hiddenSize,
      build(context, states) {
        const { graph } = context;
        const merged = mergePatches(context, states, { perSide, width: vision.width }); // [B, P/4, 4*D]
        const rows = withConstantRows(context, 'vision.merged.rows', merged, {
          rows: separators(context, layers),
          shape: [CONSTANT_ROWS, layers.fc1.inFeatures],
        }); // [B*(P/4 + 2), 4*D]
        const active = gelu(graph, `${layers.fc1.name}.gelu`, applyLinear(context, layers.fc1, rows));
        return applyLinear(context, layers.fc2, active, { output: 'features' });
      },
    },
  });
}

/** Channels of the upper two patches, then of the lower two. // [B, P, D] → [B, P/4, 4*D] */
function mergePatches(
  { graph }: Context,
  states: Value,
  { perSide, width }: { perSide: number; width: number },
): Value {
  const pairs = reshape(graph, 'vision.merge.pairs', states, [-1, MERGE, perSide, MERGE * width]);
  const blocks = swapMiddle(graph, 'vision.merge.blocks', pairs); // [B*P/4/perSide, perSide, 2, 2*D]
  return reshape(graph, 'vision.merged', blocks, [-1, perSide ** 2, MERGE ** 2 * width]);
}

/** // → [2, 4*D] of the activations' type */
function separators(context: Context, { endOfRow, beforeView }: ConnectorLayers): Value {
  const { graph, precision } = context;
  const both = graph.node(
    'Concat',
    'vision.separators',
    [endOfRow, beforeView].map((layer) => applyTable(context, layer)),
    { attributes: { axis: { int: 0 } } },
  );
  return castFrom(graph, `vision.separators.${precision.type}`, both, 'f32', precision.type);
}
