/**
 * @file The cost of each way to quantize, in accuracy and time. First the relative error of random weights in blocks of
 * 32; then the cosine with the reference's embeddings, over all fixture inputs, when the weights of a fixture
 * checkpoint are rounded that way. For the latter, weights are quantized and widened again as they are read, and
 * converted at fp32.
 *
 *   npx tsx bench/quantize-choices.ts [--models tiny-tied+dora,tiny-untied] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { WeightDtype } from '../src/bundle/manifest';
import { type Checkpoint } from '../src/checkpoint';
import { folderTree } from '../src/checkpoint/folder.node.js';
import { convertCheckpoint, openCheckpoint } from '../src/convert';
import { architectureOf, planStages } from '../src/models';
import { allocateRows, BlockQuantizer, dequantizeRow, quantizationError, type BlockFormat } from '../src/onnx/quantize';
import { loadRuntime } from '../src/runtime';
import { memoryBundle } from '../src/store';
import {
  adapterPath,
  checkpointPath,
  cosine,
  expectedModel,
  fixtureInputs,
  fixturePath,
  modelParts,
  type ModelName,
} from '../src/testing/fixtures';
import { Random } from './lib/random-weights';
import { machine, table } from './lib/report';

/** Canonical name of the token table. */
const EMBEDDINGS = 'model.embed_tokens.weight';

/** How a matrix is rounded. */
interface Rounding {
  format: BlockFormat;
  search: boolean;
}

const rounding = (bits: 4 | 8, zeroPoints: boolean, search: boolean): Rounding => ({
  format: { bits, zeroPoints },
  search,
});
const ROUNDINGS: [string, Rounding][] = ([4, 8] as const).flatMap((bits) =>
  [false, true].flatMap((zeroPoints) =>
    [false, true].map((search): [string, Rounding] => [
      `${bits} bits, ${zeroPoints ? 'zero points' : 'symmetric'}, ${search ? 'search' : 'min/max'}`,
      rounding(bits, zeroPoints, search),
    ]),
  ),
);
const [Q4_PLAIN, Q4, Q4_ZERO_PLAIN, Q4_ZERO, , Q8] = ROUNDINGS.map(([, each]) => each) as [
  Rounding,
  Rounding,
  Rounding,
  Rounding,
  Rounding,
  Rounding,
];

/** Relative errors of random weights, and nanoseconds of processor time per weight. */
function errorsOfRandomWeights(): string {
  const random = new Random(1);
  const heavy = () =>
    random.normal() / Math.sqrt(Array.from({ length: 5 }, () => random.normal() ** 2 / 5).reduce((a, b) => a + b));
  const spreads: [string, () => number][] = [
    ['normal', () => random.normal()],
    ["Student's t, 5", heavy],
    ['normal, shifted by 0.7', () => random.normal() + 0.7],
  ];
  const samples = spreads.map(([, draw]) => Float32Array.from({ length: 1 << 20 }, draw));
  const rows = ROUNDINGS.map(([name, { format, search }]) => {
    let time = 0;
    const errors = samples.map((values) => {
      const before = process.cpuUsage();
      const { error, norm } = quantizationError(values, 1024, format, { search });
      const { user, system } = process.cpuUsage(before);
      time += (user + system) * 1e3;
      return Math.sqrt(error / norm).toFixed(5);
    });
    const bits = (rowBits(format, 1024) / 1024).toFixed(3);
    return [name, bits, ...errors, `${(time / samples.length / (1 << 20)).toFixed(0)} ns`];
  });
  return table(['rounding', 'bits per weight', ...spreads.map(([name]) => `error, ${name}`), 'time per weight'], rows);
}

function rowBits({ bits, zeroPoints }: BlockFormat, columns: number): number {
  return columns * bits + (columns / 32) * (16 + (zeroPoints ? bits : 0));
}

/** Rounds the rows of some tensors as they are read. */
function rounded(checkpoint: Checkpoint, choose: (tensor: string) => Rounding | null): Checkpoint {
  const { tensors } = checkpoint;
  return {
    ...checkpoint,
    tensors: {
      names: () => tensors.names(),
      info: (name) => tensors.info(name),
      readRows: async (name, first, count, signal) => {
        const values = await tensors.readRows(name, first, count, signal);
        const chosen = choose(name);
        if (!chosen) return values;
        const columns = values.length / count;
        const quantizer = new BlockQuantizer(chosen.format, { search: chosen.search });
        const row = allocateRows(chosen.format, 1, columns);
        for (let r = 0; r < count; r++) {
          quantizer.quantizeRow(values, r * columns, columns, row, 0);
          dequantizeRow(chosen.format, row, 0, columns, values, r * columns);
        }
        return values;
      },
    },
  };
}

async function openModel(name: ModelName): Promise<Checkpoint> {
  const { checkpoint, adapter } = modelParts(name);
  return openCheckpoint({
    checkpoint: await folderTree(checkpointPath(checkpoint)),
    ...(adapter ? { adapter: await folderTree(adapterPath(adapter)) } : {}),
  });
}

/** Mean and least cosine with the reference over all fixture inputs. */
async function agreement(
  name: ModelName,
  checkpoint: Checkpoint,
  dtype: WeightDtype = 'fp32',
): Promise<{ mean: number; least: number }> {
  const { writer, reader } = memoryBundle();
  await convertCheckpoint({ checkpoint, writer, dtype });
  const runtime = await loadRuntime({ reader, device: 'cpu', probe: 'never' });
  const { embeddings } = expectedModel(name);
  const cosines: number[] = [];
  for (const { id, text, image, minPixels, maxPixels } of fixtureInputs()) {
    const parts = image === null ? { text } : { text, image: pathToFileURL(fixturePath(image)) };
    const [vector] = await runtime.embed([parts], {
      orientation: 'stored',
      ...(minPixels === null ? {} : { minPixels }),
      ...(maxPixels === null ? {} : { maxPixels }),
    });
    cosines.push(cosine(vector!, embeddings.get(id)!));
  }
  await runtime.dispose();
  return { mean: cosines.reduce((sum, value) => sum + value, 0) / cosines.length, least: Math.min(...cosines) };
}

async function agreements(name: ModelName): Promise<string> {
  const checkpoint = await openModel(name);
  const config = architectureOf(checkpoint.config).network(checkpoint.config, { head: null });
  const matrices = new Set(
    planStages(config, () => 0)
      .flatMap((stage) => stage.weights)
      .filter((weight) => weight.quantize)
      .flatMap((weight) => weight.parts),
  );
  const last = `layers.${config.towers.text.blocks.length - 1}.`;
  const only = (pattern: RegExp | string, chosen: Rounding) => (tensor: string) =>
    tensor.match(pattern) ? chosen : null;
  const whole = (chosen: Rounding, kept?: (tensor: string) => Rounding | null) => (tensor: string) =>
    matrices.has(tensor) ? (kept?.(tensor) ?? chosen) : tensor === EMBEDDINGS ? (kept?.(tensor) ?? Q4_ZERO) : null;
  const choices: [string, (tensor: string) => Rounding | null][] = [
    ['all 4 bits, symmetric, min/max', whole(Q4_PLAIN)],
    ['all 4 bits, symmetric, search', whole(Q4)],
    ['all 4 bits, zero points, min/max', whole(Q4_ZERO_PLAIN)],
    ['all 4 bits, zero points, search', whole(Q4_ZERO)],
    ['… and down_proj 8 bits', whole(Q4_ZERO, only(/down_proj/, Q8))],
    [
      '… and first and last layer 8 bits',
      whole(Q4_ZERO, only(new RegExp(`layers\\.0\\.|${last.replaceAll('.', '\\.')}`), Q8)),
    ],
    ['… and merger 8 bits', whole(Q4_ZERO, only(/merger/, Q8))],
    ['… and vision tower 8 bits', whole(Q4_ZERO, only(/^visual/, Q8))],
    ['… and token embeddings 8 bits', whole(Q4_ZERO, only(EMBEDDINGS, Q8))],
    ['all 8 bits, symmetric', whole(Q8, only(EMBEDDINGS, Q8))],
    ['not rounded', () => null],
  ];
  const rows: string[][] = [];
  for (const [label, choose] of choices) {
    const { mean, least } = await agreement(name, rounded(checkpoint, choose));
    rows.push([label, mean.toFixed(5), least.toFixed(5)]);
  }
  const { mean, least } = await agreement(name, checkpoint, 'q4');
  rows.push(['q4 as the converter chooses', mean.toFixed(5), least.toFixed(5)]);
  return table([name, 'mean cosine', 'least cosine'], rows);
}

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: 'tiny-tied+dora,tiny-untied' },
    record: { type: 'boolean', default: false },
  },
});
const parts = [
  `## Ways to quantize\n\n${machine()}\n\n\`npx tsx bench/quantize-choices.ts --models ${values.models}\`\n`,
  errorsOfRandomWeights(),
];
console.log(parts.join('\n'));
for (const name of values.models.split(',')) {
  parts.push('', await agreements(name as ModelName));
  console.log(parts.slice(-2).join('\n'));
}
if (values.record) appendFileSync('bench/RESULTS.md', `\n${parts.join('\n')}\n`);
