/**
 * @file The cost of quantized weights in ONNX Runtime's WASM build: it unpacks each matrix on every run (its MLAS has
 * no kernels for MatMulNBits there, and accuracy level 4 changes nothing), so that one row costs what dozens do. Beside
 * the same matrix as float32. A minimal case, of one product; in Node, on one thread.
 *
 *   npx tsx bench/wasm-unpack.ts [--shape 1536x8960] [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */

import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as ort from 'onnxruntime-web/wasm';
import type { StoredTensor } from '../src/bundle/manifest';
import { GraphBuilder, linear, unpackWeights } from '../src/onnx';
import { allocateRows, BlockQuantizer, quantizedTensors } from '../src/onnx/quantize';
import { cpuSeconds, machine, median, table } from './lib/report';
import { Random } from './lib/random-weights';

const ROWS = [1, 16, 64, 256];
const { values } = parseArgs({
  options: { shape: { type: 'string', default: '1536x8960' }, record: { type: 'boolean', default: false } },
});
const [columns, outFeatures] = values.shape.split('x').map(Number) as [number, number];
const random = new Random(7);
const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());

function quantized(bits: 4 | 8) {
  const format = { bits, zeroPoints: false };
  const rows = allocateRows(format, outFeatures, columns);
  const quantizer = new BlockQuantizer(format, { search: false });
  const pool = normals(columns + outFeatures);
  for (let row = 0; row < outFeatures; row++) quantizer.quantizeRow(pool, row, columns, rows, row);
  const data = [rows.codes, new Uint8Array(rows.scales.buffer)];
  const bytes = new Uint8Array(data.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  const tensors = quantizedTensors('w', format, outFeatures, columns).map((tensor, i) => {
    const offset = end;
    bytes.set(data[i]!, offset);
    end += data[i]!.length;
    return { ...tensor, offset };
  });
  return { tensors, bytes };
}

async function session({ tensors, bytes }: { tensors: StoredTensor[]; bytes: Uint8Array }) {
  const graph = new GraphBuilder({ name: 'g', weightsPath: 'w.bin', tensors });
  const x = graph.input('x', 'f32', ['rows', columns]);
  const y = linear(graph, 'y', x, { weight: 'w', inFeatures: columns, outFeatures, type: 'f32' });
  graph.output(y, 'f32', ['rows', outFeatures]);
  return ort.InferenceSession.create(graph.build(), { externalData: [{ path: 'w.bin', data: bytes }] });
}

ort.env.wasm.numThreads = 1;
const sessions = [
  ['4 bits', await session(quantized(4))],
  ['8 bits', await session(quantized(8))],
  ['float32', await session(unpackWeights(quantized(4), () => columns))],
] as const;
const rows: string[][] = [];
for (const count of ROWS) {
  const x = new ort.Tensor('float32', normals(count * columns), [count, columns]);
  const times = sessions.map((): number[] => []);
  for (let repeat = 0; repeat < 4; repeat++) {
    for (const [i, [, each]] of sessions.entries()) {
      const start = cpuSeconds();
      await each.run({ x });
      if (repeat > 0) times[i]!.push(cpuSeconds() - start); // the first allocates
    }
  }
  rows.push([String(count), ...times.map((each) => `${(1000 * median(each)).toFixed(1)} ms`)]);
}
const text = `## One product on WASM, ${values.shape}, one thread

${machine()}

\`npx tsx bench/wasm-unpack.ts --shape ${values.shape}\`

Medians of 3, CPU time.

${table(['rows', ...sessions.map(([name]) => name)], rows)}
`;
console.log(text);
if (values.record) appendFileSync('bench/RESULTS.md', `\n${text}`);
