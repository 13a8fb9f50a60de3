/**
 * @file The nearest mistakes, made on purpose: each gives the vector that transformers gives with the same mistake, and
 * that vector is outside the tolerance of the tests for right vectors.
 */

import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { folderTree } from '../../checkpoint/folder.node';
import { convertCheckpoint, openCheckpoint } from '../../convert';
import type { BundleManifest } from '../../bundle/manifest';
import { resizeBilinear, type RgbImage } from '../../image';
import type { GraphBuilder, Value } from '../../onnx';
import { DATA_TYPE } from '../../onnx/proto';
import { loadRuntime } from '../../runtime';
import { memoryBundle, type MemoryBundle } from '../../store/memory';
import { backboneOracle } from '../../testing/backbones';
import { cosine, fixturePath, maxDifference } from '../../testing/fixtures';
import { floats, goldenInput } from '../../testing/golden';
import type { Architecture, Backbone, BundleFacts, Tower } from '../architecture';
import { siglip } from '.';

const { checkpoint, cases, mistakes } = backboneOracle('siglip');
const SIDE = 32;
const LENGTH = 64;
const END = 1;

/** Changes a backbone, or a bundle's facts beforehand. */
interface Mistake {
  facts?: (facts: BundleFacts) => BundleFacts;
  backbone?: (right: Backbone) => Partial<Backbone>;
}

/** Makes pictures square in another way. */
const squared = (square: (image: RgbImage) => RgbImage): Mistake => ({
  backbone: ({ picture }) => ({
    picture: { ...picture, fill: (image, plan) => picture.fill(square(image), plan) },
  }),
});

const ids = (change: (ids: number[]) => number[]): Mistake => ({
  backbone: ({ encode }) => ({
    encode: (...given) => ({ ids: change(encode(...given).ids), images: [] }),
  }),
});

type Node = (...given: Parameters<GraphBuilder['node']>) => Value;
type Rewrite = (graph: GraphBuilder, node: Node, given: Parameters<GraphBuilder['node']>) => Value;

/** Graphs in which some nodes are replaced. */
function rewritten({ towers }: Backbone, rewrite: Rewrite): Partial<Backbone> {
  const wrong = (tower: Tower): Tower => ({
    ...tower,
    build(context, steps) {
      const { graph } = context;
      const node: Node = graph.node.bind(graph);
      graph.node = (...given) => rewrite(graph, node, given);
      tower.build(context, steps);
    },
  });
  return { towers: { vision: wrong(towers.vision), text: wrong(towers.text) } };
}

/** Attention that sees only the text's own tokens; with `pools`, the last of these gives the vector. */
function masked(count: number, { pools }: { pools: boolean }): Mistake {
  const int32 = (graph: GraphBuilder, node: Node, name: string, values: number[]) =>
    graph.has(name)
      ? name
      : node('Cast', name, [graph.int64(`${name}.int64`, values)], { attributes: { to: { int: DATA_TYPE.i32 } } });
  return {
    backbone: (right) =>
      rewritten(right, (graph, node, [op, name, inputs, options]) => {
        if (op === 'MultiHeadAttention' && name.startsWith('text.')) {
          return node(op, name, [...inputs, null, int32(graph, node, 'mask', [count])], options);
        }
        if (pools && op === 'Gather' && name.endsWith('.pooled')) {
          return node(op, name, [inputs[0]!, int32(graph, node, 'end', [count - 1])], options);
        }
        return node(op, name, inputs, options);
      }),
  };
}

/** Two-point interpolation, as for a picture that is enlarged, rounding halves up. */
function withoutAntialias({ width, height, data }: RgbImage): RgbImage {
  const out = new Uint8Array(SIDE * SIDE * 3);
  const place = (index: number, size: number) => {
    const at = Math.min(Math.max(((index + 0.5) * size) / SIDE - 0.5, 0), size - 1);
    return { low: Math.floor(at), high: Math.min(Math.floor(at) + 1, size - 1), share: at - Math.floor(at) };
  };
  for (let i = 0; i < out.length; i++) {
    const [y, x] = [place(Math.floor(i / 3 / SIDE), height), place(Math.floor(i / 3) % SIDE, width)];
    const pixel = (row: number, column: number) => data[(row * width + column) * 3 + (i % 3)]!;
    const across = (row: number) => pixel(row, x.low) * (1 - x.share) + pixel(row, x.high) * x.share;
    out[i] = Math.floor(across(y.low) * (1 - y.share) + across(y.high) * y.share + 0.5);
  }
  return { width: SIDE, height: SIDE, data: out };
}

function middle({ width, height, data }: RgbImage): RgbImage {
  const side = Math.min(width, height);
  const [left, top] = [(width - side) >> 1, (height - side) >> 1];
  const cut = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    const start = ((top + y) * width + left) * 3;
    cut.set(data.subarray(start, start + side * 3), y * side * 3);
  }
  return { width: side, height: side, data: cut };
}

/** By the oracle's names; the number of tokens depends on the case. */
const MADE: Record<string, (count: number) => Mistake> = {
  'a mask on the padding': (count) => masked(count, { pools: false }),
  'no padding': (count) => masked(count, { pools: true }),
  'no end token': () => ids((given) => [...given.filter((id) => id !== END), 0]),
  'the GELU of the error function': () => ({
    backbone: (right) => rewritten(right, (_, node, [op, ...rest]) => node(op === 'FastGelu' ? 'Gelu' : op, ...rest)),
  }),
  'not lower-cased': () => ({
    backbone: () => ({
      encode: (tokenizer, text) => {
        const found = [...tokenizer.encode(text), END];
        return { ids: [...found, ...new Array<number>(LENGTH - found.length).fill(0)], images: [] };
      },
    }),
  }),
  bicubic: () => ({ facts: (facts) => ({ ...facts, image: { ...facts.image, filter: 'bicubic' } }) }),
  'bilinear without antialias': () => squared(withoutAntialias),
  'the middle instead of all of it': () => squared(middle),
};

/** Mistakes that transformers cannot be made to make. */
const FURTHER: Record<string, { case: string; mistake: Mistake }> = {
  'a sigma at the end of a word': {
    case: 'text-sigma',
    mistake: {
      backbone: ({ encode }) => ({
        encode: (tokenizer, text, images) =>
          encode({ ...tokenizer, encode: () => tokenizer.encode(text.toLowerCase()) }, text, images),
      }),
    },
  },
  'a picture that is resized twice': {
    case: 'picture-200x305',
    mistake: squared((image) => resizeBilinear(image, 2 * SIDE, 2 * SIDE)),
  },
  'attention that looks back only': {
    case: 'text-photo',
    mistake: {
      backbone: (right) =>
        rewritten(right, (_, node, [op, name, inputs, options]) =>
          node(op, name, inputs, op === 'MultiHeadAttention' ? causal(options) : options),
        ),
    },
  },
};

const causal = (options: Parameters<GraphBuilder['node']>[3]) => ({
  ...options,
  attributes: { ...options?.attributes, unidirectional: { int: 1 } },
});

describe('mistakes', () => {
  let bundle: MemoryBundle;
  let manifest: BundleManifest;

  beforeAll(async () => {
    bundle = memoryBundle();
    const opened = await openCheckpoint({ checkpoint: await folderTree(fixturePath(`checkpoints/${checkpoint}`)) });
    manifest = await convertCheckpoint({ checkpoint: opened, writer: bundle.writer, dtype: 'fp32' });
  });
  afterEach(() => vi.restoreAllMocks());

  const caseOf = (id: string) => cases.find((each) => each.id === id)!;
  const rightOf = (id: string) => floats(caseOf(id).embedding);

  async function embedWrongly(id: string, { facts, backbone }: Mistake): Promise<Float32Array> {
    const right: Architecture['fromBundle'] = siglip.fromBundle.bind(siglip);
    vi.spyOn(siglip, 'fromBundle').mockImplementation((given, options) => {
      const made = right(facts ? facts(given) : given, options);
      return backbone ? { ...made, ...backbone(made) } : made;
    });
    const runtime = await loadRuntime({ reader: bundle.reader, manifest, probe: 'never' });
    const { text, image } = goldenInput(caseOf(id));
    const [found] = await runtime.embed([image ? { image: image[0]! } : { text }], { orientation: 'stored' });
    await runtime.dispose();
    return found!;
  }

  test('all mistakes of the oracle are made', () => {
    expect([...new Set(mistakes.map(({ name }) => name))].sort()).toEqual(Object.keys(MADE).sort());
  });

  test.each(mistakes)('$name, in $case', async ({ case: id, name, cosine: left, difference }) => {
    const count = (caseOf(id).ids as number[]).indexOf(END) + 1;
    const found = await embedWrongly(id, MADE[name]!(count));
    expect(Math.abs(cosine(found, rightOf(id)) - left)).toBeLessThan(2e-5 + 0.01 * (1 - left));
    const measured = maxDifference(found, rightOf(id));
    expect(Math.abs(measured - difference!)).toBeLessThan(2e-6 + 0.05 * difference!);
    expect(measured).toBeGreaterThan(5e-5);
  });

  test.each(Object.keys(FURTHER))('%s', async (name) => {
    const { case: id, mistake } = FURTHER[name]!;
    const found = await embedWrongly(id, mistake);
    expect(1 - cosine(found, rightOf(id))).toBeGreaterThan(1e-5);
    expect(maxDifference(found, rightOf(id))).toBeGreaterThan(1e-4);
  });

  test.each(['text-photo', 'cat'])('no mistake: the vector of %s is right', async (id) => {
    expect(maxDifference(await embedWrongly(id, {}), rightOf(id))).toBeLessThan(1e-5);
  });
});
