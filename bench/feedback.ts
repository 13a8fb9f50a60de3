/**
 * @file What q4 costs `nano`, rounded once and with the second pass: 1 − cosine to fp32 over 600 inputs of the committed
 * evaluation data, none of which the second pass has seen.
 *
 *   npx tsx bench/feedback.ts [--inputs 64,256]
 */

import { parseArgs } from 'node:util';
import { folderTree } from '../src/checkpoint/folder.node.js';
import { convertCheckpoint, openCheckpoint } from '../src/convert';
import { makeRegime, openMmeb } from '../src/eval';
import { loadRuntime, takeMoments } from '../src/runtime';
import { memoryBundle } from '../src/store';
import { cosine } from '../src/testing/fixtures';
import { machine, table } from './lib/report';

const EACH = 300;
const { values } = parseArgs({ options: { inputs: { type: 'string', default: '64,256' } } });

const data = await openMmeb(await folderTree('public/eval/mmeb-mini', { maxFiles: 1_000_000 }));
const seen = new Map<string, { text: string; image: string | null }>();
for (const set of data.sets) {
  for (const { text, image } of (await data.rows(set)).pairs) seen.set(`${text}|${image}`, { text, image });
}
const all = [...seen.values()];
const evenly = <T>(items: T[]) =>
  items.filter((_, i) => Math.floor((i * EACH) / items.length) !== Math.floor(((i - 1) * EACH) / items.length));
const groups = [all.filter(({ image }) => image === null), all.filter(({ image }) => image !== null)].map(evenly);

/** Vectors of the texts, then of the inputs with pictures; CPU seconds and bytes of the conversion. */
async function measure(dtype: 'fp32' | 'q4', inputs: number) {
  const checkpoint = await openCheckpoint({
    checkpoint: await folderTree('reference/nano/published/adapter'),
    base: await folderTree('reference/nano/published/base'),
  });
  const { writer, reader } = memoryBundle();
  const before = process.cpuUsage();
  const manifest = await convertCheckpoint({
    ...{ checkpoint, writer, dtype },
    ...(inputs > 0 && { takeMoments: (read, first) => takeMoments(read, first, { inputs }) }),
  });
  const { user, system } = process.cpuUsage(before);
  const runtime = await loadRuntime({ reader, device: 'cpu', probe: 'never' });
  const { imageToken, image } = runtime.info;
  const regime = makeRegime('native', image);
  const vectors: Float32Array[] = [];
  for (const group of groups) {
    for (let first = 0; first < group.length; first += 20) {
      const parts = group.slice(first, first + 20).map(async ({ text, image: path }) => ({
        text: text.replaceAll('<|image_1|>', imageToken),
        ...(path === null ? {} : { image: await regime.prepare(await data.pictures.read(path)) }),
      }));
      vectors.push(...(await runtime.embed(await Promise.all(parts), regime.options)));
    }
  }
  await runtime.dispose();
  const bytes = manifest.stages.reduce((sum, { weights }) => sum + weights.bytes, manifest.embeddings.bytes);
  return { vectors, cpu: (user + system) / 1e6, bytes };
}

const exact = await measure('fp32', 0);
const mean = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const rows: string[][] = [];
for (const inputs of [0, ...values.inputs.split(',').map(Number)]) {
  const { vectors, cpu, bytes } = await measure('q4', inputs);
  const losses = vectors.map((vector, i) => 1000 * (1 - cosine(vector, exact.vectors[i]!)));
  const texts = groups[0]!.length;
  rows.push([
    inputs === 0 ? 'rounded once' : `second pass, ${inputs} made-up inputs`,
    ...[losses, losses.slice(0, texts), losses.slice(texts)].map((some) => mean(some).toFixed(2)),
    (1 - Math.max(...losses) / 1000).toFixed(4),
    String(bytes),
    `${cpu.toFixed(1)} s`,
  ]);
}
const columns = [
  'q4',
  'loss, thousandths',
  'texts',
  'with pictures',
  'least cosine',
  'bytes',
  'CPU time of the conversion',
];
console.log(`## nano at q4, rounded once and twice\n\n${machine()}\n\n${table(columns, rows)}`);
