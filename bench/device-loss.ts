/**
 * @file What a GPU loses against the CPU, by length: 1 − cosine to f32 on the CPU, of texts and pictures, for f16 on
 * the CPU, and f16 and f32 on the GPU of onnxruntime-node; and what the self-test says about that GPU. Without
 * arguments: nano and fixture models.
 *
 *   npx tsx bench/device-loss.ts [bundle …]
 *
 * `bench/lavapipe.sh` runs it on a software GPU that computes in f16.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { probePicture } from '../src/bundle/probe-picture';
import { VLM2VecError } from '../src/errors';
import { loadRuntime, type Activations, type EmbedOptions, type InputParts, type RuntimeOptions } from '../src/runtime';
import { folderBundle } from '../src/store/folder.node.js';
import { convertFixture } from '../src/testing/bundles';
import { machine, table } from './lib/report';

const TOKENS = [1, 8, 24, 25, 31, 32, 33, 48, 49, 64, 65, 96, 130, 215];
/** Width and height in patches of 14 pixels. */
const GRIDS: readonly (readonly [number, number])[] = [
  [4, 4],
  [6, 6],
  [8, 8],
  [10, 8],
];
const WORDS = 'a weathered boat lies at anchor while seven gulls drift over the quiet harbour and the old lighthouse, ';
const FIXTURES = [
  ['tiny-tied', 'fp32'],
  ['tiny-tied', 'q8'],
  ['tiny-untied', 'q4'],
  ['tiny-tied+dora', 'fp16'],
] as const;

const inputs: { name: string; parts: InputParts; options: EmbedOptions }[] = [
  ...TOKENS.map((maxTokens) => ({
    name: `${maxTokens} tokens`,
    parts: { text: WORDS.repeat(20) },
    options: { maxTokens },
  })),
  ...GRIDS.map(([width, height]) => ({
    name: `${width} × ${height} patches`,
    parts: { image: probePicture({ width: width * 14, height: height * 14, seed: 7 }) },
    options: { minPixels: 1, maxPixels: 1e6 },
  })),
];

async function embedAll(path: string, device: RuntimeOptions['device'], activations: Activations) {
  const runtime = await loadRuntime({ reader: folderBundle(path), device, activations, probe: 'never' });
  const vectors: Float32Array[] = [];
  for (const { parts, options } of inputs) vectors.push((await runtime.embed([parts], options))[0]!);
  await runtime.dispose();
  return vectors;
}

/** 1 − cosine, in double precision. */
function lossOf(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** What is chosen, or why nothing is chosen. */
async function verdict(path: string): Promise<string> {
  try {
    const runtime = await loadRuntime({ reader: folderBundle(path), device: 'webgpu' });
    await runtime.dispose();
    return `used at ${runtime.info.activations}: ${JSON.stringify(runtime.info.ladder)}`;
  } catch (error) {
    if (!(error instanceof VLM2VecError)) throw error;
    return `refused: ${error.message}`;
  }
}

async function measure(path: string): Promise<void> {
  const exact = await embedAll(path, 'cpu', 'f32');
  const columns = [
    await embedAll(path, 'cpu', 'f16'),
    await embedAll(path, 'webgpu', 'f16'),
    await embedAll(path, 'webgpu', 'f32'),
  ];
  const rows = inputs.map(({ name }, i) => [
    name,
    ...columns.map((vectors) => lossOf(vectors[i]!, exact[i]!).toExponential(1)),
  ]);
  console.log(`\n${basename(path)}\n\n${table(['input', 'CPU f16', 'GPU f16', 'GPU f32'], rows)}\n`);
  console.log(await verdict(path));
}

console.log(machine());
const paths = process.argv.slice(2);
for (const path of paths) await measure(path);
if (paths.length === 0) {
  await measure('public/models/nano');
  const folder = mkdtempSync(join(tmpdir(), 'device-loss-'));
  try {
    for (const [name, dtype] of FIXTURES) {
      const path = join(folder, `${name}-${dtype}`);
      await convertFixture(name, path, { dtype });
      await measure(path);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
