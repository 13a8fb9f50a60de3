/**
 * @file What each weight dtype costs in agreement with the reference: the fixture checkpoints are converted as
 * `vlm2vec convert` does, and all fixture inputs embedded on the CPU.
 *
 *   npx tsx bench/dtypes.ts [--record]
 *
 * --record appends the result to bench/RESULTS.md.
 */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadRuntime } from '../src/runtime';
import { folderBundle } from '../src/store/folder.node.js';
import { convertFixture } from '../src/testing/bundles';
import {
  cosine,
  expectedModel,
  fixtureInputs,
  fixturePath,
  maxDifference,
  type ModelName,
} from '../src/testing/fixtures';
import { machine, table } from './lib/report';

const MODELS: ModelName[] = ['tiny-tied+dora', 'tiny-untied'];

/** Least cosine and largest difference over all inputs. */
async function agreement(folder: string, name: ModelName, dtype: 'fp32' | 'fp16' | 'q8' | 'q4'): Promise<string[]> {
  const out = path.join(folder, `${name}-${dtype}`);
  const manifest = await convertFixture(name, out, { dtype });
  const runtime = await loadRuntime({ reader: folderBundle(out), manifest });
  const cosines: number[] = [];
  const differences: number[] = [];
  for (const { id, text, image, minPixels, maxPixels } of fixtureInputs()) {
    const input = image === null ? { text } : { text, image: pathToFileURL(fixturePath(image)).href };
    const limits = { minPixels: minPixels ?? undefined, maxPixels: maxPixels ?? undefined };
    const [vector] = await runtime.embed([input], { ...limits, orientation: 'stored' });
    const expected = expectedModel(name).embeddings.get(id)!;
    cosines.push(cosine(vector!, expected));
    differences.push(maxDifference(vector!, expected));
  }
  await runtime.dispose();
  const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
  return [name, dtype, mean.toFixed(7), Math.min(...cosines).toFixed(7), Math.max(...differences).toExponential(1)];
}

const folder = mkdtempSync(path.join(tmpdir(), 'vlm2vec-dtypes-'));
const rows: string[][] = [];
try {
  for (const name of MODELS) {
    for (const dtype of ['fp32', 'fp16', 'q8', 'q4'] as const) rows.push(await agreement(folder, name, dtype));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const result = [
  `## Weight dtypes against the reference\n\n${machine()}\n\n\`npx tsx bench/dtypes.ts\`\n`,
  table(['fixture model', 'dtype', 'mean cosine', 'least cosine', 'largest difference'], rows),
].join('\n');
console.log(result);
if (process.argv.includes('--record')) appendFileSync('bench/RESULTS.md', `\n${result}\n`);
