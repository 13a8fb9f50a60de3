/**
 * @file Everything that the package exports as a function refuses values of the wrong kind by a named error, and not with
 * the words of whatever it happened to do with them first.
 */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import * as errors from '../src/errors';
import { ENTRY_POINTS } from './entry-points.ts';

type Call = (...args: unknown[]) => unknown;

const WRONG = [null, undefined, 7, 'x', {}, []];
const MOST_ARGUMENTS = 3;

/** What only a page or a framework calls. */
const SKIPPED: Record<string, string> = {
  'react.useVLM2Vec': 'a hook: React refuses it outside a component',
  'react.VLM2VecRank': 'a component: only React calls it, with an object',
  'react.VLM2VecSearch': 'a component: only React calls it, with an object',
  'vue.useVLM2Vec': 'a composable: it belongs into a scope of Vue',
  'vue.VLM2VecRank.setup': 'a component: only Vue calls it',
  'vue.VLM2VecSearch.setup': 'a component: only Vue calls it',
};

const vector = Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0);
const model = {
  dims: 8,
  info: { source: { base: { id: 'x', revision: null }, adapter: null } },
  embed: async () => [],
};
class FrameworkClass {}

/** Arguments that are right, so that a later one can be the wrong one. */
async function rightArguments(): Promise<Record<string, unknown[]>> {
  const { PackedVectors, similarPairs } = await import('../src/search/index.ts');
  const packed = new PackedVectors({ dims: 8, model: 'm' });
  packed.add(vector);
  packed.add(vector);
  return {
    'index.fillPrompt': ['{text}', 'a', { imageToken: '' }],
    'index.cardModel': [model.info.source],
    'index.verifyCard': [model, new Uint8Array(2), {}],
    'index.similarity': [vector, vector],
    'index.quantizeEmbedding': [vector, 'int8'],
    'search.queryPrompt': ['Find: {text}', 'a'],
    'search.daysFilter': ['2024-01-01', '2024-01-02'],
    'search.relevanceCut': [[0.5, 0.1], { size: 2, mean: 0, deviation: 1 }],
    'search.combineVectors': [{ include: [{ vector }] }],
    'search.searchQuery': [{ parsed: { text: 'a', also: [], exclude: [] } }],
    'search.topK': [packed, vector, { limit: 1 }],
    'search.scoresOf': [packed, vector, [0]],
    'search.similarPairs': [packed, { threshold: 0.9 }],
    'search.similarGroups': [await similarPairs(packed, { threshold: 0.9 }), 0.95],
    'search.Bitset.where': [2, () => true],
    'search.Bitset.of': [2, [1]],
    'adapters/ai-sdk.aiSdkEmbeddingModel': [model, {}],
    'adapters/langchain.langChainEmbeddings': [model, {}],
    'adapters/llamaindex.llamaIndexEmbedding': [FrameworkClass, model, {}],
    'adapters/openai.openAI': [model, {}],
    'adapters/openai.openAIFetch': [model, {}],
    'adapters/transformers.new FeatureTensor': [[vector], 8],
  };
}

/** The functions of a module: also constructors, static methods, and functions in exported objects. */
function functionsOf(name: string, value: unknown): [name: string, call: Call][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, each]) =>
      typeof each === 'function' ? functionsOf(`${name}.${key}`, each) : [],
    );
  }
  if (typeof value !== 'function' || value.prototype instanceof Error) return [];
  if (!/^class\b/.test(Function.prototype.toString.call(value))) return [[name, value as Call]];
  const Class = value as unknown as (new (...args: unknown[]) => unknown) & Record<string, Call>;
  const statics = Object.getOwnPropertyNames(Class).filter((key) => typeof Class[key] === 'function');
  return [
    [name.replace(/([^.]+)$/, 'new $1'), (...args) => new Class(...args)],
    ...statics.map((key): [string, Call] => [`${name}.${key}`, (...args) => Class[key]!(...args)]),
  ];
}

/** What is wrong with how it ended; null if it returned, or threw an error of the package. */
async function complaint(call: Call, args: unknown[]): Promise<string | null> {
  let late: NodeJS.Timeout | undefined;
  try {
    const hanging = new Promise((_, reject) => {
      late = setTimeout(() => reject(new Error('It does not end.')), 5000);
    });
    await Promise.race([call(...args), hanging]);
    return null;
  } catch (error) {
    if (error instanceof errors.VLM2VecError) return null;
    return `(${args.map((each) => JSON.stringify(each) ?? String(each)).join(', ')}): ${String(error)}`;
  } finally {
    clearTimeout(late);
  }
}

describe.each(Object.entries(ENTRY_POINTS))('%s', async (entry, file) => {
  const module = (await import(path.resolve(import.meta.dirname, '..', file))) as Record<string, unknown>;
  const right = await rightArguments();
  const all = Object.entries(module).flatMap(([name, value]) => functionsOf(`${entry}.${name}`, value));

  test.each(all)('%s', async (name, call) => {
    if (name in SKIPPED) return;
    const complaints: (string | null)[] = [];
    for (const wrong of WRONG) {
      for (let count = 1; count <= MOST_ARGUMENTS; count++) {
        complaints.push(await complaint(call, Array<unknown>(count).fill(wrong)));
      }
      const given = right[name] ?? [];
      for (const at of given.keys()) complaints.push(await complaint(call, given.with(at, wrong)));
    }
    expect(complaints.filter((each) => each !== null)).toEqual([]);
    if (right[name]) await expectSound(name, call, right[name]);
  });
});

/** The right arguments are right, so that the wrong one is what is refused. */
async function expectSound(name: string, call: Call, args: unknown[]): Promise<void> {
  const outcome = await Promise.resolve()
    .then(() => call(...args))
    .then(
      () => 'done',
      (error: Error) => error.message,
    );
  expect(outcome).toMatch(name === 'index.verifyCard' ? /Nothing has been published/ : /^done$/);
}

test('what is skipped and what is given exists', async () => {
  const names = new Set<string>();
  for (const [entry, file] of Object.entries(ENTRY_POINTS)) {
    const module = (await import(path.resolve(import.meta.dirname, '..', file))) as Record<string, unknown>;
    for (const [name, value] of Object.entries(module)) {
      for (const [each] of functionsOf(`${entry}.${name}`, value)) names.add(each);
    }
  }
  for (const name of [...Object.keys(SKIPPED), ...Object.keys(await rightArguments())]) expect(names).toContain(name);
});
