/**
 * @file The text tower: every text is the same number of tokens, which all see each other, padding included; the last
 * one's state is projected. B texts of S tokens, D = width.
 */

import { gatherRows, l2Normalize, reshape, scale } from '../../onnx';
import type { Tower } from '../architecture';
import { applyLinear, applyNormF32, applyTable, linear, table, weightsOf } from '../blocks/layers';
import { towerOf } from '../blocks/steps';
import { POOLED_ROWS, vitRun, type VitRun } from '../blocks/vit';
import type { Context } from '../blocks/activations';
import type { Stream } from '../blocks/residual';
import type { SiglipConfig } from './config';
import { encoderBlocks, F16_SCALE, layerNorm } from './encoder';
import { TEXT } from './names';

const TOKENS = 'tokens';

/** Takes `token_rows`, `rows`, `batch_shape` [B, S, -1] and `last`; gives `embedding` [E, dims]. */
export function textTower({ text, dims }: Pick<SiglipConfig, 'text' | 'dims'>): Tower {
  const { width, positions } = text;
  const embed = {
    positions: table({
      name: 'text.positions',
      source: `${TEXT}.embeddings.position_embedding.weight`,
      shape: [positions, width],
    }),
  };
  const output = {
    norm: layerNorm(text, { name: 'text.norm', source: `${TEXT}.final_layer_norm` }),
    head: linear({
      name: 'text.head',
      sources: [`${TEXT}.head`],
      inFeatures: width,
      outFeatures: dims,
      bias: true,
      quantize: false,
    }),
  };
  const blocks = encoderBlocks(text, { name: 'text', source: TEXT }, (pooled) => ({ rows: TOKENS, pooled }));
  blocks[0]!.unshift({
    weights: weightsOf(embed),
    rows: TOKENS,
    apply(context, { hidden }) {
      const { graph, precision } = context;
      const texts = reshape(graph, 'text.tokens', hidden, [-1, positions, width]); // [B, S, D]
      const placed = graph.node('Add', 'text.placed', [
        texts,
        applyTable(context, embed.positions, precision.residual),
      ]);
      return { hidden: reshape(graph, 'text.placed.rows', placed, [-1, width]), branch: null };
    },
  });
  blocks.at(-1)!.push({
    weights: weightsOf(output),
    rows: POOLED_ROWS,
    apply(context, stream) {
      const { graph } = context;
      const { normed } = applyNormF32(context, output.norm, stream);
      const vectors = l2Normalize(graph, 'embedding', applyLinear(context, output.head, normed, { type: 'f32' }));
      graph.output(vectors, 'f32', [POOLED_ROWS, dims]);
      return { hidden: vectors, branch: null };
    },
  });
  return towerOf<VitRun>({
    blocks,
    width,
    f16Scale: F16_SCALE,
    start: (context) => tokenRows(context, width),
    run: (context) => vitRun(context, { rotary: false, headDim: text.headDim }),
  });
}

/** Rows of the token table, each at its place in the text. // → [B*S, D] */
function tokenRows({ graph, precision }: Context, width: number): Stream {
  const given = graph.input('token_rows', 'f32', ['token_rows', width]);
  const rows = graph.input('rows', 'i32', [TOKENS]);
  const tokens = gatherRows(graph, 'text.token_rows', given, rows);
  return { hidden: scale(graph, 'text.token_rows.scaled', tokens, precision.residual), branch: null };
}
