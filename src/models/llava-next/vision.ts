/** @file The vision tower: CLIP, and a projector of two layers on each patch. // [B*P, 588] → [B*(P+1), H] */

import { castFrom, gelu, reshape, type Value } from '../../onnx';
import type { Tower } from '../architecture';
import type { Context } from '../blocks/activations';
import { clipPatches, clipTower, withConstantRows } from '../blocks/clip';
import { applyLinear, applyTable, linear, table, weightsOf } from '../blocks/layers';
import type { LlavaNextConfig } from './config';
import { NEWLINE, PROJECTOR, VISION } from './names';
import { CONSTANT_ROWS } from './picture';

function projectorLayers({ vision, hiddenSize }: LlavaNextConfig) {
  const biased = (kind: string, inFeatures: number) =>
    linear({
      name: `vision.projector.${kind}`,
      sources: [`${PROJECTOR}.${kind}`],
      inFeatures,
      outFeatures: hiddenSize,
      bias: true,
    });
  return {
    fc1: biased('linear_1', vision.width),
    fc2: biased('linear_2', hiddenSize),
    // Already as wide as the language model, so it is not projected.
    newline: table({ name: 'vision.newline', source: NEWLINE, shape: [hiddenSize] }),
  };
}

export function visionTower(config: LlavaNextConfig): Tower {
  const { vision, hiddenSize } = config;
  const layers = projectorLayers(config);
  const patches = clipPatches(vision);
  return clipTower(vision, {
    source: VISION,
    connector: {
      weights: weightsOf(layers),
      rows: patches + CONSTANT_ROWS,
      hiddenSize,
      build(context, states) {
        const flat = reshape(context.graph, 'vision.projector.rows', states, [-1, vision.width]); // [B*P, D]
        const tokens = project(context, layers, flat); // [B*P, H]
        const tiles = reshape(context.graph, 'vision.projector.tiles', tokens, [-1, patches, hiddenSize]);
        return withConstantRows(context, 'features', tiles, {
          rows: newlineRow(context, layers),
          shape: [CONSTANT_ROWS, hiddenSize],
        });
      },
    },
  });
}

/** // [n, D] → [n, H] */
function project(context: Context, { fc1, fc2 }: ReturnType<typeof projectorLayers>, x: Value): Value {
  const active = gelu(context.graph, `${fc1.name}.gelu`, applyLinear(context, fc1, x));
  return applyLinear(context, fc2, active);
}

function newlineRow(context: Context, { newline }: ReturnType<typeof projectorLayers>): Value {
  const { graph, precision } = context;
  return castFrom(graph, `${newline.name}.${precision.type}`, applyTable(context, newline), 'f32', precision.type);
}
