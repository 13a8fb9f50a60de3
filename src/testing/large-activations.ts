/**
 * @file The fixtures of LLaVA and Phi with the activations of large trained models, which random weights do not have
 * (Node only). Massive: a token that stands at the beginning of every text sets off one neuron of the first MLP, which adds
 * huge numbers to a few channels of the residual stream, as Sun et al. describe (arXiv:2402.17762). Faint: everything that
 * is added to the stream is small.
 */

import { folderTree } from '../checkpoint/folder.node.js';
import { convertCheckpoint, openCheckpoint } from '../convert';
import { folderWriter } from '../store/folder.node.js';
import { changedTree, rewrittenTensors, type PlainTensor } from './checkpoint-files';
import { fixtureBytes, fixturePath } from './fixtures';

export type LargeModel = 'llava-next' | 'phi3-v';

/** Weights by the names that both checkpoints share. */
const CANONICAL: Record<LargeModel, (name: string) => string> = {
  'llava-next': (name) =>
    name
      .replace(/^language_model\.model\./, '')
      .replace(/^vision_tower\.vision_model\./, 'vision.')
      .replace(/^multi_modal_projector\.linear_2\./, 'projected.'),
  'phi3-v': (name) =>
    name
      .replace(/^model\.vision_embed_tokens\.img_projection\.2\./, 'projected.')
      .replace(/^model\.vision_embed_tokens\.img_processor\.vision_model\./, 'vision.')
      .replace(/^model\./, ''),
};

/** Changes the numbers of a tensor, row by row of `columns`. */
export type Change = (name: string, values: Float32Array, columns: number) => void;

/** The channel that only the first token has, and those that become massive. */
const CHANNEL = 3;
const MASSIVE = [7, 50, 99];
const BEGIN_TOKEN = 1;

/** @param size of the largest number that is added to the residual stream */
export function massive(size: number): Change {
  return (name, values, columns) => {
    const zeroRow = (row: number) => values.fill(0, row * columns, (row + 1) * columns);
    if (name === 'embed_tokens.weight') {
      for (let row = 0; row < values.length / columns; row++) {
        values[row * columns + CHANNEL] = row === BEGIN_TOKEN ? 40 : 0;
      }
    }
    if (name === 'projected.bias' || name === 'image_newline') values[CHANNEL] = 0;
    if (name === 'projected.weight' || name === 'layers.0.self_attn.o_proj.weight') zeroRow(CHANNEL);
    if (/^layers\.0\.mlp\.(gate|up|gate_up)_proj\.weight$/.test(name)) {
      const rows = name.includes('gate_up') ? [0, values.length / columns / 2] : [0];
      for (const row of rows) {
        zeroRow(row);
        values[row * columns + CHANNEL] = 12;
      }
    }
    if (name === 'layers.0.mlp.down_proj.weight') {
      for (let row = 0; row < values.length / columns; row++) values[row * columns] = 0;
      // silu(12 · x) · 12 · x of the normed channel, which is about √width
      const neuron = (12 * Math.sqrt(values.length / columns)) ** 2;
      MASSIVE.forEach((row, i) => (values[row * columns] = ([0.1, 0.6, -1][i]! * size) / neuron));
    }
  };
}

/** @param factor of everything that is added to the residual stream */
export function faint(factor: number): Change {
  const added =
    /^(embed_tokens\.weight|projected\.(weight|bias)|image_newline|layers\.\d\.(self_attn\.o|mlp\.down)_proj\.weight)$/;
  return (name, values) => {
    if (added.test(name)) values.forEach((value, i) => (values[i] = value * factor));
  };
}

/** Channels of CLIP's residual stream that a bias makes massive; what the norms behind make of them is small, as in trained ones. */
export function massiveTower(size: number): Change {
  return (name, values) => {
    if (name === 'vision.encoder.layers.0.mlp.fc2.bias') {
      values[11] = size;
      values[42] = -0.6 * size;
    }
    if (/^vision\.encoder\.layers\.1\.layer_norm\d\.weight$/.test(name)) {
      values[11]! *= 0.01;
      values[42]! *= 0.01;
    }
  };
}

/** Converts the changed fixture, at fp32, into the folder `out`. */
export async function convertChanged(model: LargeModel, change: Change, out: string): Promise<void> {
  const folder = fixturePath(`checkpoints/tiny-${model}`);
  const file = rewrittenTensors(fixtureBytes(`checkpoints/tiny-${model}/model.safetensors`), (name, tensor) => [
    [name, changed(tensor, (values, columns) => change(CANONICAL[model](name), values, columns))],
  ]);
  const tree = changedTree(await folderTree(folder), { 'model.safetensors': file });
  const checkpoint = await openCheckpoint({ checkpoint: tree });
  await convertCheckpoint({ checkpoint, writer: await folderWriter(out), dtype: 'fp32' });
}

/** A bf16 tensor as f32, changed. */
function changed({ shape, bytes }: PlainTensor, change: (values: Float32Array, columns: number) => void): PlainTensor {
  const upper = new Uint16Array(bytes.slice().buffer);
  const values = new Float32Array(Uint32Array.from(upper, (bits) => bits << 16).buffer);
  change(
    values,
    shape.slice(1).reduce((product, size) => product * size, 1),
  );
  return { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) };
}
