import { expect, test } from 'vitest';
import { similarity, type EmbedInput } from '../../src/index';
import { toSnippet, type SnippetOptions } from './snippet';
import { queryInstruction, queryText, targetText, taskOf, type TaskId } from './tasks';

/** Runs a snippet with a model that records its calls. */
async function run(code: string, files: readonly unknown[] = []) {
  const calls: EmbedInput[][] = [];
  const loads: unknown[] = [];
  const model = {
    embed: async (inputs: EmbedInput[]) => {
      calls.push(inputs);
      return inputs.map((_, i) => new Float32Array([Math.cos(i), Math.sin(i)]));
    },
    dispose: async () => undefined,
  };
  const VLM2Vec = { load: async (...args: unknown[]) => (loads.push(args), model) };
  const fetch = async (url: string) => ({ blob: async () => `blob of ${url}` });
  const createImageBitmap = async (...args: unknown[]) => args;
  const body = code.replace(/^import .*\n/, '');
  const names = ['similarity', 'VLM2Vec', 'files', 'modelFiles', 'fetch', 'createImageBitmap'];
  const make = Object.getPrototypeOf(run) as {
    constructor: new (...args: string[]) => (...args: unknown[]) => Promise<unknown>;
  };
  const scores = await new make.constructor(...names, `${body}\nreturn scores;`)(
    ...[similarity, VLM2Vec, files, 'the files', fetch, createImageBitmap],
  );
  return { calls, loads, scores: scores as number[][] };
}

const base = (id: TaskId): SnippetOptions => ({
  choice: { kind: 'nano' },
  device: 'wasm',
  task: taskOf(id),
  instruction: queryInstruction(taskOf(id)),
  recipe: { isRaw: true, instruction: null },
  question: 'How "many"?\u2028',
  texts: ['a `kite`', 'two\\dogs'],
  pictures: [
    { url: 'https://me.example/samples/cat.jpg', name: 'cat.jpg' },
    { url: null, name: '*/ alert(1) //\u2028evil.png' },
  ],
  boxes: [],
});

test.each(['caption', 'classification', 'vqa', 'retrieval'] as const)('%s: the same words as the page', async (id) => {
  const options = base(id);
  const { task, instruction, question, texts } = options;
  const { calls, scores } = await run(toSnippet(options), ['my file']);
  const ofRow = (text: string) =>
    task.queries === 'texts' ? queryText(task, instruction, text) : targetText(task, text);
  const ofColumn = task.queries === 'pictures' ? queryText(task, instruction, question) : targetText(task, '');
  expect(calls).toEqual([
    texts.map(ofRow),
    ['https://me.example/samples/cat.jpg', 'my file'].map((image) => ({ image, text: ofColumn })),
  ]);
  expect(scores).toEqual([
    [1, expect.closeTo(Math.cos(1), 6)],
    [expect.closeTo(Math.cos(1), 6), expect.closeTo(1, 6)],
  ]);
});

test('grounding: boxes of the first picture, texts with the whole of it', async () => {
  const options = { ...base('grounding'), boxes: [{ x: 1, y: 2, width: 30, height: 40 }] };
  const { task, instruction } = options;
  const { calls } = await run(toSnippet(options), ['my file']);
  const image = 'https://me.example/samples/cat.jpg';
  expect(calls[0]).toEqual(options.texts.map((text) => ({ image, text: queryText(task, instruction, text) })));
  const crop = [`blob of ${image}`, 1, 2, 30, 40, { colorSpaceConversion: 'none' }];
  expect(calls[1]).toEqual([{ image: crop, text: targetText(task, '') }]);
});

test.each([
  [{ kind: 'nano' }, 'nano'],
  [{ kind: 'url', url: 'models/"x"/' }, 'models/"x"/'],
  [{ kind: 'stored', name: 'mine', title: 'Mine' }, { name: 'mine' }],
  [{ kind: 'folder', name: 'f', files: [] }, 'the files'],
] as const)('the model %o', async (choice, source) => {
  const { loads } = await run(toSnippet({ ...base('caption'), choice: { ...choice } as SnippetOptions['choice'] }), [
    'f',
  ]);
  expect(loads).toEqual([[source, { device: 'wasm' }]]);
});

test('a recipe of templates is prompted by sides, as on the page', async () => {
  const recipe = { isRaw: false, instruction: { default: 'Help.', roles: ['query'] as const } };
  const { calls } = await run(toSnippet({ ...base('vqa'), instruction: 'Say.', recipe }), ['my file']);
  expect(calls[0]).toEqual([
    { text: 'a `kite`', role: 'document' },
    { text: 'two\\dogs', role: 'document' },
  ]);
  expect(calls[1]![0]).toEqual({
    ...{ image: 'https://me.example/samples/cat.jpg', text: 'How "many"?\u2028', role: 'query', instruction: 'Say.' },
  });
});
