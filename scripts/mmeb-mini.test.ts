/**
 * @file The committed slice of the miniature MMEB: Python wrote its strings independently, so they check ours; and what
 * is said about `nano` must apply to the built-in `nano`.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { VLM2Vec } from '../src/index.ts';
import { evaluate, IMAGE_TOKEN, makeRegime, memoryVectors, openMmeb } from '../src/eval/index.ts';
import { folderTree } from '../src/checkpoint/folder.node.ts';
import { instructions } from '../src/text/index.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const data = await openMmeb(await folderTree(path.join(ROOT, 'public/eval/mmeb-mini')));
const nano = JSON.parse(readFileSync(path.join(ROOT, 'public/eval/nano.json'), 'utf8')) as {
  bundle: string;
  sets: Record<string, { queries: number; predictions: number[]; close: number[] }>;
};

/** The text that was put into a template to give `string`; null if that is impossible. */
function filledWith(string: string, template: string): string | null {
  const [start, end] = template.replace('{image}', IMAGE_TOKEN).split('{text}') as [string, string?];
  if (end === undefined) return string === start ? '' : null;
  const isLonger = string.length > start.length + end.length;
  return isLonger && string.startsWith(start) && string.endsWith(end)
    ? string.slice(start.length, string.length - end.length)
    : null;
}

test.each(data.sets.map((set) => [set.name, set] as const))('%s: strings, own candidates', async (name, set) => {
  const { pairs, rows } = await data.rows(set);
  expect(rows).toHaveLength(20);
  for (const { query, candidates } of rows) {
    expect(filledWith(pairs[query]!.text, instructions[name].query)).not.toBeNull();
    expect(new Set(candidates).size).toBe(candidates.length);
    expect(candidates.length).toBeGreaterThanOrEqual(4);
    for (const candidate of candidates) {
      expect(filledWith(pairs[candidate]!.text, instructions[name].target)).not.toBeNull();
    }
  }
});

test('the expected choices of nano were measured on the built-in nano', () => {
  const manifest = readFileSync(path.join(ROOT, 'public/models/nano/bundle.json'));
  // If not: python -m reference.mmeb expect … (reference/mmeb/README.md)
  expect(nano.bundle).toBe(createHash('sha256').update(manifest).digest('hex'));
});

test('the built-in nano, with rounded weights, makes nearly all of the choices that PyTorch makes in float32', async () => {
  await using model = await VLM2Vec.load('nano', { device: 'cpu' });
  const { dims, imageToken, image } = model.info;
  const sets = data.sets.filter(({ name }) => ['Visual7W', 'A-OKVQA', 'MSCOCO', 'CIRR'].includes(name));
  const results = await evaluate({
    ...{ data, sets, regime: makeRegime('native', image), store: memoryVectors() },
    model: { dims, imageToken, embed: (inputs, options) => model.embed(inputs, options) },
  });
  const chosen = results.flatMap(({ predictions }) => [...predictions]);
  const expected = results.flatMap(({ set }) => nano.sets[set.name]!.predictions);
  expect(chosen).toHaveLength(80);
  const same = chosen.filter((choice, i) => choice === expected[i]).length;
  expect(same).toBeGreaterThanOrEqual(76);
});
