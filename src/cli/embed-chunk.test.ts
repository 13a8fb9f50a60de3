/** @file Whose fault it is where embedding fails, and that inputs known to be good are not prepared again to find out. */

import { expect, test } from 'vitest';
import { InvalidInputError, NotFiniteError } from '../errors';
import type { EmbedInput, Runtime } from '../runtime';
import { embedEach } from './embed-chunk';
import type { InputRecord } from './inputs/record';

const record = (number: number, input: InputRecord['input']): InputRecord => ({
  ...{ number, where: `line ${number}`, id: number, kept: {}, mark: [], imagePath: null },
  input,
});
const text = (number: number) => record(number, { text: 'words' });
const picture = (number: number) => record(number, { image: new Uint8Array() });

/** Refuses the input at `fails`, and on its own each picture of `bad`. */
function failing(error: Error, bad: readonly InputRecord[] = []) {
  const prepared: EmbedInput[] = [];
  const runtime = {
    embed: () => Promise.reject(error),
    tokens: async (input: EmbedInput) => {
      prepared.push(input);
      if (bad.some((each) => each.input === input)) throw new InvalidInputError('input: broken.');
    },
  } as unknown as Runtime;
  return { runtime, prepared };
}
const refusal = (index: number) =>
  new InvalidInputError(`inputs[${index}]: too long; set maxTokens.`, { input: `inputs[${index}]` });

test.each([
  ['a text behind texts', [text(1), text(2), text(3)], []],
  ['a text behind pictures that are good', [picture(1), text(2), text(3), picture(4)], [0]],
])('%s: only what was not prepared yet is looked at', async (_, records, looked) => {
  const { runtime, prepared } = failing(refusal(2));
  await expect(embedEach(runtime, records, {})).rejects.toThrow(/^line 3: too long; give --max-tokens\.$/);
  expect(prepared).toEqual(looked.map((i) => records[i]!.input));
});

test('the first bad input is named, also if the texts behind it were looked at earlier', async () => {
  const records = [picture(1), picture(2), text(3)];
  const { runtime } = failing(refusal(2), [records[1]!]);
  await expect(embedEach(runtime, records, {})).rejects.toThrow(/^line 2: broken\.$/);
});

test('a picture behind texts and pictures: they were all good', async () => {
  const { runtime, prepared } = failing(refusal(2));
  await expect(embedEach(runtime, [text(1), picture(2), picture(3)], {})).rejects.toThrow(/^line 3: /);
  expect(prepared).toEqual([]);
});

test('what is no input’s fault stays what it is, and a model’s fault keeps its class and gets the input’s name', async () => {
  const lost = new InvalidInputError('closed');
  await expect(embedEach(failing(lost).runtime, [text(1)], {})).rejects.toBe(lost);
  const nan = new NotFiniteError('inputs[0]: the model gave a vector that is not finite.', { input: 'inputs[0]' });
  const found = embedEach(failing(nan).runtime, [text(1)], {});
  await expect(found).rejects.toThrow(/^line 1: the model gave/);
  await expect(found).rejects.toBeInstanceOf(NotFiniteError);
});
