/**
 * @file A quick look at a machine with a GPU, in minutes and without a browser: onnxruntime-node's own WebGPU provider
 * over Vulkan (headless), D3D12 or Metal. Rates of matrix products in every number format beside those of plain
 * matrices, what an int8 product loses, agreement with the CPU around the lengths at which kernels change, and
 * milliseconds for pictures and captions, stage by stage.
 *
 *   npx tsx bench/gpu.ts [--bundle folder] [--pictures 64,256,1024] [--captions 1,16,128] [--device cpu] [--record]
 *
 * Without a bundle: nano, which is too small to keep a GPU busy; a 2B with random weights comes from
 * bench/synthetic-checkpoint.ts and vlm2vec convert. --device cpu tries the script where there is no GPU;
 * bench/lavapipe.sh runs it on a software GPU with 16-bit numbers; Chromium's SwiftShader, without them and slow, is
 * found by LD_LIBRARY_PATH and VK_ICD_FILENAMES in its folder. --record appends to bench/RESULTS.md. If a part fails,
 * that is recorded, and the next one is tried.
 */
import { appendFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { probePicture } from '../src/bundle/probe-picture';
import type { WeightDtype } from '../src/bundle/manifest';
import { measure, number, percent, rate, reportAsMarkdown } from '../src/measure';
import { loadRuntime, type Activations, type Compute, type EmbedOptions, type InputParts } from '../src/runtime';
import { measureMatmulRate } from '../src/runtime/matmul-rate';
import { loadOrt } from '../src/runtime/ort';
import { cosineOf } from '../src/runtime/probe';
import { folderBundle } from '../src/store/folder.node.js';
import { productError } from './lib/product-error';
import { machine, table } from './lib/report';

const { values } = parseArgs({
  options: {
    bundle: { type: 'string', default: 'public/models/nano' },
    pictures: { type: 'string', default: '64,256,1024' },
    captions: { type: 'string', default: '1,16,128' },
    device: { type: 'string', default: 'webgpu' },
    record: { type: 'boolean', default: false },
  },
});
const { bundle, record } = values;
const device = values.device === 'cpu' ? 'cpu' : 'webgpu';
const sizes = (text: string) => text.split(',').filter(Boolean).map(Number);
const reader = folderBundle(bundle);

const parts: string[] = [];
function tell(text: string): void {
  console.log(`${text}\n`);
  parts.push(text);
}

/** What failed, in one line. */
const reasonOf = (error: unknown) => String(error instanceof Error ? error.message : error).split('\n')[0]!;

async function rates(): Promise<void> {
  const ort = await loadOrt('node');
  const rows: string[][] = [];
  const kinds: [WeightDtype, 'float' | 'int8'][] = [
    ['fp32', 'float'],
    ['fp16', 'float'],
    ['q8', 'float'],
    ['q8', 'int8'],
    ['q4', 'float'],
    ['q4', 'int8'],
  ];
  for (const activations of ['f32', 'f16'] as const) {
    let plain = 0;
    for (const [dtype, product] of kinds) {
      const place = {
        ...{ ort, gpu: null, product },
        rung: { device, activations, subgroups: false, compute: product === 'int8' ? 'fast' : 'exact' } as const,
        unlessLost: <T>(work: Promise<T>) => work,
      };
      try {
        const { flopsPerSecond, rows: most } = await measureMatmulRate(place, dtype);
        const bare = dtype === (activations === 'f16' ? 'fp16' : 'fp32');
        if (bare) plain = flopsPerSecond;
        const lost = dtype.startsWith('q') ? await productError(place, dtype as 'q4' | 'q8') : null;
        rows.push([
          ...[activations, dtype, product, rate(flopsPerSecond), String(most)],
          plain > 0 ? percent(flopsPerSecond / plain) : '–',
          lost === null ? '–' : lost.toExponential(1),
        ]);
      } catch (error) {
        rows.push([activations, dtype, product, reasonOf(error), '', '', '']);
      }
      console.error(rows.at(-1)!.join('  '));
    }
  }
  const head = ['activations', 'weights', 'product', 'rate', 'rows', 'of plain matrices', 'relative error'];
  tell(`### Matrix products, 2048 × 2048\n\n${table(head, rows)}`);
}

const WORDS = 'a weathered boat lies at anchor while seven gulls drift over the quiet harbour and the old lighthouse, ';
const TOKENS = [1, 31, 32, 33, 64, 65, 130, 300];
/** Patches of 14 pixels. */
const GRIDS = [4, 6, 10, 16];

async function agreement(): Promise<void> {
  const inputs: { name: string; parts: InputParts; options: EmbedOptions }[] = [
    ...TOKENS.map((maxTokens) => ({
      name: `${maxTokens} tokens`,
      parts: { text: WORDS.repeat(20) },
      options: { maxTokens },
    })),
    ...GRIDS.map((side) => ({
      name: `${side} × ${side} patches`,
      parts: { image: probePicture({ width: side * 14, height: side * 14, seed: 7 }) },
      options: { minPixels: 1, maxPixels: 1e6 },
    })),
  ];
  const vectorsOf = async (on: 'cpu' | 'webgpu', activations: Activations, compute: Compute) => {
    const runtime = await loadRuntime({ reader, device: on, activations, compute, probe: 'never' });
    const vectors: Float32Array[] = [];
    for (const { parts, options } of inputs) vectors.push((await runtime.embed([parts], options))[0]!);
    await runtime.dispose();
    return vectors;
  };
  const exact = await vectorsOf('cpu', 'f32', 'exact');
  const columns: [string, Float32Array[] | string][] = [];
  for (const [activations, compute] of [
    ['f32', 'exact'],
    ['f32', 'fast'],
    ['f16', 'exact'],
    ['f16', 'fast'],
  ] as const) {
    const name = `${activations}${compute === 'fast' ? ', int8' : ''}`;
    columns.push([name, await vectorsOf(device, activations, compute).catch(reasonOf)]);
  }
  const rows = inputs.map(({ name }, i) => [
    name,
    ...columns.map(([, found]) =>
      typeof found === 'string' ? 'failed' : (1 - cosineOf(found[i]!, exact[i]!)).toExponential(1),
    ),
  ]);
  const failures = columns.flatMap(([name, found]) => (typeof found === 'string' ? [`\n\n${name}: ${found}`] : []));
  tell(
    `### 1 − cosine to float32 on the CPU\n\n${table(['input', ...columns.map(([name]) => name)], rows)}${failures.join('')}`,
  );
}

async function speed(): Promise<void> {
  const report = await measure({
    rungs: (['f16', 'f32'] as const).flatMap((activations) =>
      (['exact', 'fast'] as const).map((compute) => ({ device, activations, compute })),
    ),
    environment: {
      ...{ agent: `Node ${process.version}, ${process.platform}`, cpu: cpus()[0]?.model ?? null, cores: cpus().length },
      ...{ memory: totalmem(), isolated: null },
    },
    pictures: sizes(values.pictures),
    captions: sizes(values.captions),
    // Not probed: errors are shown above, and everything is timed anyway.
    load: (wish, signal) => loadRuntime({ ...wish, reader, probe: 'never', vision: 'now', signal }),
    onStep: ({ doing, activations, compute, done, total }) =>
      console.error(
        `${activations} ${compute} ${typeof doing === 'string' ? doing : `${doing.kind} ${doing.size}`} ${number(done + 1)}/${total}`,
      ),
  });
  tell(reportAsMarkdown(report).trimEnd());
}

tell(
  `## A look at ${device === 'cpu' ? 'the CPU' : 'the GPU'} by onnxruntime-node\n\n${machine()}\n\n\`npx tsx bench/gpu.ts ${process.argv.slice(2).join(' ')}\``,
);
for (const part of [rates, agreement, speed]) {
  await part().catch((error: unknown) => tell(`${part.name} failed: ${reasonOf(error)}`));
}
if (record) appendFileSync('bench/RESULTS.md', `\n${parts.join('\n\n')}\n`);
process.exit();
