/**
 * @file The nearest mistakes, made on purpose: each gives what the authors' code gives with the same mistake, and that
 * is outside the tolerance of the tests for right vectors.
 */

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { BundleManifest } from '../../bundle/manifest';
import { folderTree } from '../../checkpoint/folder.node';
import { convertCheckpoint, openCheckpoint } from '../../convert';
import { resizeBicubic, resizeBilinear } from '../../image';
import type * as ops from '../../onnx/ops';
import { recipeNamed, type Recipe } from '../../recipes';
import { loadRuntime, type InputParts } from '../../runtime';
import { memoryBundle, type MemoryBundle } from '../../store/memory';
import { cosine, fixturePath, maxDifference } from '../../testing/fixtures';
import { floats, golden, goldenInput } from '../../testing/golden';
import type { Backbone, Picture, PositionMixture } from '../architecture';
import type * as layers from '../blocks/layers';
import { textRotary } from '../native/rotary';
import { qwen3vl } from './index';

/** The mistake with which the graphs are built. */
const graphs = vi.hoisted(() => ({ mistake: '' }));

/** What the parts of a graph do under the mistake. */
vi.mock('../../onnx/ops', async (original) => {
  const real = await original<typeof ops>();
  const zero = (graph: Parameters<typeof real.gatherRows>[0], name: string, x: string) =>
    graph.node('Mul', `${name}.none`, [x, graph.scalar('mistake.zero', 0)]);
  const deepRows = (graph: Parameters<typeof real.gatherRows>[0], name: string, part: number) => {
    const all = real.concatFirst(graph, `${name}.all.early`, [real.zeros(graph, [1, 128]), `features.part.${part}`]);
    const rows = graph.has('feature_rows') ? 'feature_rows' : graph.input('feature_rows', 'i32', ['tokens']);
    return real.gatherRows(graph, `${name}.early`, all, rows);
  };
  return {
    ...real,
    geluTanh: (...given) => (graphs.mistake === 'GELU by erf in blocks' ? real.gelu : real.geluTanh)(...given),
    gelu: (...given) => (graphs.mistake === 'GELU by tanh in mergers' ? real.geluTanh : real.gelu)(...given),
    gatherRows(graph, name, x, rows) {
      const gathered = real.gatherRows(graph, name, x, rows);
      const layer = /^layers\.(\d)\.deep\.rows$/.exec(name)?.[1];
      if (layer !== undefined && graphs.mistake === 'no DeepStack') return zero(graph, name, gathered);
      if (graphs.mistake !== 'DeepStack one layer early') return gathered;
      if (name === 'rows.spliced') return graph.node('Add', `${name}.deep`, [gathered, deepRows(graph, name, 1)]);
      if (layer === undefined) return gathered;
      return Number(layer) < 2 ? deepRows(graph, name, Number(layer) + 2) : zero(graph, name, gathered);
    },
  } satisfies typeof ops;
});

vi.mock('../blocks/layers', async (original) => {
  const real = await original<typeof layers>();
  const WIDTH = 48;
  /** LayerNorm over `columns` at a time, then gain and bias as usual. */
  const normOver = (
    context: Parameters<typeof real.applyNorm>[0],
    { name, length }: layers.Norm,
    x: string,
    { columns, across }: { columns: number; across: number },
  ) => {
    const { graph } = context;
    const { reshape, zeros } = onnxOps;
    const shaped = reshape(graph, `${name}.wrong.in`, x, [-1, columns]);
    const ones = graph.node('Add', `${name}.ones`, [zeros(graph, [columns]), graph.scalar('mistake.one', 1)]);
    const attributes = { axis: { int: -1 }, epsilon: { float: 1e-6 } };
    const normed = graph.node('LayerNormalization', `${name}.wrong`, [shaped, ones], { attributes });
    const back = reshape(graph, `${name}.wrong.out`, normed, [-1, across]);
    const gain = graph.stored(`${name}.weight`, 'f32', [length]);
    const bias = graph.stored(`${name}.bias`, 'f32', [length]);
    return graph.node('Add', `${name}.biased`, [graph.node('Mul', `${name}.gained`, [back, gain]), bias]);
  };
  const onnxOps = await import('../../onnx/ops');
  const wrong = (layer: layers.Norm) =>
    (graphs.mistake === 'no q and k norm' && /[qk]_norm$/.test(layer.name)) ||
    (graphs.mistake === 'before the final norm' && layer.name === 'norm');
  return {
    ...real,
    applyNorm(context, layer, stream, factor) {
      const deep = graphs.mistake.startsWith('norm before') && layer.name.startsWith('vision.deep.');
      const last = graphs.mistake.startsWith('norm after') && layer.name === 'vision.merger.norm';
      if (!deep && !last) return real.applyNorm(context, layer, stream, factor);
      const x =
        stream.branch === null
          ? stream.hidden
          : context.graph.node('Add', `${layer.name}.whole`, [stream.hidden, stream.branch]);
      const shape = deep ? { columns: WIDTH, across: 4 * WIDTH } : { columns: 4 * WIDTH, across: WIDTH };
      return { normed: normOver(context, layer, x, shape), stream };
    },
    applyNormF32(context, layer, stream, factor) {
      const right = real.applyNormF32(context, layer, stream, factor);
      return wrong(layer) ? { ...right, normed: right.stream.hidden } : right;
    },
  } satisfies typeof layers;
});

interface Mistake {
  backbone?: (right: Backbone) => Partial<Backbone>;
  recipe?: Partial<Recipe>;
  input?: (right: InputParts) => InputParts;
}

const RECIPE = recipeNamed('qwen3-vl-embedding');
const withPicture = (change: (right: Picture) => Partial<Picture>): Mistake => ({
  backbone: ({ picture }) => ({ picture: { ...picture, ...change(picture) } }),
});
const withMixture = (axis: (count: number, side: number) => [index: number, weight: number][][]): Mistake =>
  withPicture(() => ({ mixture: ({ grid }) => mixed(axis(grid.height, 16), axis(grid.width, 16)) }));

/** In merge-block order. */
function mixed(down: [number, number][][], across: [number, number][][]): PositionMixture {
  const rows: number[] = [];
  const weights: number[] = [];
  for (let block = 0; block < (down.length * across.length) / 4; block++) {
    for (let i = 0; i < 4; i++) {
      const blocks = across.length / 2;
      for (const [y, a] of down[2 * Math.floor(block / blocks) + (i >> 1)]!) {
        for (const [x, b] of across[2 * (block % blocks) + (i & 1)]!) {
          rows.push(y * 16 + x);
          weights.push(a * b);
        }
      }
    }
  }
  return { rows: Int32Array.from(rows), weights: Float32Array.from(weights) };
}

const template = (RECIPE.prompt as { templates: { any: string } }).templates.any;

/** Those of the oracle's mistakes that the engine can be made to make. */
const MISTAKES: Record<string, Mistake> = {
  'no end token': {
    backbone: ({ encode }) => ({
      encode(...given) {
        const encoded = encode(...given);
        return { ...encoded, ids: encoded.ids.slice(0, -1) };
      },
    }),
  },
  "no assistant's turn": {
    recipe: { prompt: { templates: { any: template.replace('<|im_start|>assistant\n', '') } } },
  },
  'before the final norm': {},
  'no q and k norm': {},
  'no DeepStack': {},
  'DeepStack one layer early': {},
  'GELU by erf in blocks': {},
  'GELU by tanh in mergers': {},
  "norm before grouping in DeepStack's mergers": {},
  'norm after grouping in the last merger': {},
  'sections one after another': {
    backbone: ({ config }) => ({ rotary: textRotary(config as unknown as Parameters<typeof textRotary>[0]) }),
  },
  '1-D positions': { recipe: { positions: '1d' } },
  'positions go on by tokens': {
    backbone: ({ rotary }) => ({
      rotary: {
        ...rotary!,
        positionsOf(encoded, pictures) {
          const positions = rotary!.positionsOf(encoded, pictures);
          const { start, tokens } = encoded.images[0]!;
          const count = encoded.ids.length;
          const more = start + tokens - positions[start + tokens]!;
          return positions.map((place, i) => (i % count >= start + tokens ? place + more : place));
        },
      },
    }),
  },
  'table not interpolated': withMixture((count, side) =>
    Array.from({ length: count }, (_, i) => [
      [Math.floor((i * side) / count), 1],
      [0, 0],
    ]),
  ),
  'table not corner on corner': withMixture((count, side) =>
    Array.from({ length: count }, (_, i) => {
      const place = Math.max(0, ((i + 0.5) * side) / count - 0.5);
      const below = Math.floor(place);
      return [
        [below, 1 - place + below],
        [Math.min(below + 1, side - 1), place - below],
      ];
    }),
  ),
  'instruction without the full stop': {
    recipe: { instruction: { default: RECIPE.instruction!.default } },
  },
  'another system prompt': { input: (right) => ({ ...right, instruction: 'You are a helpful assistant.' }) },
  'NULL for an empty text': { input: (right) => ({ ...right, text: 'NULL' }) },
  'text trimmed': { input: (right) => ({ ...right, text: right.text!.trim() }) },
  'alpha dropped': { recipe: { transparency: 'drop' } },
  // 140 × 112 results from multiples of 28; the next from multiples of 32.
  'factor 28': withPicture(({ fill, plan }) => ({
    plan: (_, options) => plan({ width: 140, height: 112 }, options),
    fill: (image, right) => fill(resizeBicubic(image, 140, 112), right),
  })),
  bilinear: withPicture(({ fill }) => ({ fill: (image, plan) => fill(resizeBilinear(image, 160, 96), plan) })),
};

/** Only the authors' code can make them: their cosines are in the fixture. */
const NOT_MADE = ['table antialiased', 'table bicubic', 'grey over white', "the file's limit"];

const { checkpoint, cases, mistakes } = golden(RECIPE.name);
let bundle: MemoryBundle;
let manifest: BundleManifest;

beforeAll(async () => {
  bundle = memoryBundle();
  const opened = await openCheckpoint({ checkpoint: await folderTree(fixturePath(`checkpoints/${checkpoint}`)) });
  manifest = await convertCheckpoint({ checkpoint: opened, writer: bundle.writer, dtype: 'fp32' });
});
afterEach(() => {
  graphs.mistake = '';
  vi.restoreAllMocks();
});
afterAll(() => vi.restoreAllMocks());

const caseOf = (id: string) => cases.find((each) => each.id === id)!;

async function embedWrongly(id: string, { backbone, recipe, input }: Mistake): Promise<Float32Array> {
  const right = qwen3vl.fromBundle.bind(qwen3vl);
  vi.spyOn(qwen3vl, 'fromBundle').mockImplementation((...given) => {
    const made = right(...given);
    return { ...made, ...backbone?.(made) };
  });
  const item = caseOf(id);
  const { instruction } = item;
  const parts: InputParts = { ...goldenInput(item), ...(instruction === undefined ? {} : { instruction }) };
  const asked = { ...RECIPE, ...recipe };
  const runtime = await loadRuntime({ reader: bundle.reader, manifest, probe: 'never', recipe: asked });
  const [found] = await runtime.embed([input ? input(parts) : parts], { orientation: 'stored' });
  await runtime.dispose();
  vi.restoreAllMocks();
  return found!;
}

test('all mistakes of the oracle are made here', () => {
  const made = [...new Set(mistakes.map(({ name }) => name))].filter((name) => !NOT_MADE.includes(name));
  expect(made.sort()).toEqual(Object.keys(MISTAKES).sort());
});

test.each(mistakes.filter(({ name }) => !NOT_MADE.includes(name)))(
  '$name, in $case',
  async ({ case: id, name, cosine: left, difference }) => {
    graphs.mistake = name;
    const found = await embedWrongly(id, MISTAKES[name]!);
    const wanted = floats(caseOf(id).embedding!);
    expect(Math.abs(cosine(found, wanted) - left)).toBeLessThan(1e-6 + 0.01 * (1 - left));
    expect(Math.abs(maxDifference(found, wanted) - difference!)).toBeLessThan(3e-6 + 0.01 * difference!);
    expect(maxDifference(found, wanted)).toBeGreaterThan(1e-5); // the right ones are within 5e-6
  },
);

test('no mistake: the vector is right', async () => {
  for (const id of ['both', 'picture-224x224', 'instruction']) {
    expect(maxDifference(await embedWrongly(id, {}), floats(caseOf(id).embedding!)), id).toBeLessThan(2e-6);
  }
});
