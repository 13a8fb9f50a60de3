/**
 * @file Weights that every dtype holds nearly exactly (−c, 0 and c in each matrix): whatever dtype and cut, the vectors are
 * those of fp32. Rounding hides nothing here, so a matrix that is sliced, packed or joined wrongly at 4 or 8 bits shows.
 */

import { afterAll, expect, test } from 'vitest';
import { folderTree } from '../checkpoint/folder.node';
import type { FileTree } from '../checkpoint/types';
import { convertCheckpoint, openCheckpoint, type ConvertOptions } from '../convert';
import { loadRuntime, type EmbedInput, type Runtime } from '../runtime';
import { memoryBundle } from '../store/memory';
import { changedTree, rewrittenTensors, type PlainTensor } from '../testing/checkpoint-files';
import { cosine, fixturePath } from '../testing/fixtures';
import { uniforms } from '../testing/random';

/** Of one minus the cosine. Rounding half-float scales costs up to 6e-4; one matrix of a block, sliced wrongly, 0.1 and more. */
const BOUND = 1e-3;

/** The same shapes, with −c, 0 and c in matrices: c keeps the lengths of activations. */
function ternary(name: string, { shape, bytes }: PlainTensor): PlainTensor {
  const count = shape.reduce((a, b) => a * b, 1);
  if (shape.length < 2 || /pos(?:ition)?_embed/.test(name)) return { dtype: 'BF16', shape, bytes };
  const isTable = /embed_tokens|token_embedding|lm_head|probe$/.test(name);
  const exponent = isTable ? 0 : Math.round(Math.log2(1.2 / Math.sqrt((2 / 3) * (count / shape[0]!))));
  const drawn = uniforms([...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7));
  const one = (127 + exponent) << 7; // 2^exponent in bf16
  const values = Uint16Array.from({ length: count }, () => [0, one, one | 0x8000][Math.floor(3 * drawn())]!);
  return { dtype: 'BF16', shape, bytes: new Uint8Array(values.buffer) };
}

async function ternaryTree(checkpoint: string): Promise<FileTree> {
  const tree = await folderTree(fixturePath(`checkpoints/${checkpoint}`));
  const changes: Record<string, Uint8Array> = {};
  for (const path of (await tree.list()).filter((each) => each.endsWith('.safetensors'))) {
    const source = await tree.open(path);
    const file = new Uint8Array(await source.read(0, source.size));
    changes[path] = rewrittenTensors(file, (name, tensor) => [[name, ternary(name, tensor)]]);
  }
  return changedTree(tree, changes);
}

let runtime: Runtime | undefined;
afterAll(() => runtime?.dispose());

async function vectors(
  tree: FileTree,
  options: Pick<ConvertOptions, 'dtype'> & Partial<ConvertOptions>,
  withPicture: boolean,
) {
  const { reader, writer } = memoryBundle();
  const manifest = await convertCheckpoint({
    checkpoint: await openCheckpoint({ checkpoint: tree }),
    writer,
    ...options,
  });
  runtime = await loadRuntime({ reader, probe: 'never' });
  const data = Uint8Array.from({ length: 60 * 40 * 3 }, (_, i) => (i * i * 31 + i * 7) % 251);
  const image = { width: 60, height: 40, channels: 3 as const, data };
  const isAlone = runtime.info.architecture.startsWith('siglip');
  const inputs: EmbedInput[] = ['a', 'a red kite on the sea', 'word '.repeat(9)];
  if (withPicture) inputs.push(isAlone ? { image } : { image, text: 'what is it' });
  const found = await runtime.embed(inputs);
  await runtime.dispose();
  runtime = undefined;
  return { found, stages: manifest.stages.length };
}

test.each([
  [
    'tiny-tied',
    true,
    [{ dtype: 'fp16' }, { dtype: 'q8', mlpSlices: 3 }, { dtype: 'q4' }, { dtype: 'q4', maxStageBytes: 700_000 }],
  ],
  ['tiny-untied', false, [{ dtype: 'q8' }, { dtype: 'q4', mlpSlices: 2 }]],
  ['tiny-qwen3-vl', true, [{ dtype: 'fp16' }, { dtype: 'q8' }, { dtype: 'q4', mlpSlices: 2 }]],
  ['tiny-siglip2', true, [{ dtype: 'q8' }, { dtype: 'q4' }, { dtype: 'q4', maxStageBytes: 30_000 }]],
  ['tiny-llava-next', false, [{ dtype: 'q8' }, { dtype: 'q4', mlpSlices: 2 }]],
  ['tiny-phi3-v', false, [{ dtype: 'q8', mlpSlices: 2 }, { dtype: 'q4' }]],
] as const)('%s', async (checkpoint, withPicture, all) => {
  const tree = await ternaryTree(checkpoint);
  const whole = await vectors(tree, { dtype: 'fp32' }, withPicture);
  // Inputs differ by more than what is let through.
  const [first, ...others] = whole.found;
  for (const other of others) expect(1 - cosine(first!, other)).toBeGreaterThan(3 * BOUND);
  for (const options of all) {
    const { found, stages } = await vectors(tree, options, withPicture);
    for (const [i, vector] of found.entries())
      expect(1 - cosine(vector, whole.found[i]!), JSON.stringify(options)).toBeLessThan(BOUND);
    if ('maxStageBytes' in options) expect(stages).toBeGreaterThan(whole.stages);
  }
});
