/** @file Inputs as MMEB's tasks word them. */
import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../errors';
import { taskInput } from './tasks';
import { instructions, type TaskName } from './index';

const PAD = '<|image_pad|>';
const image = new Uint8Array(1);
const query = (parts: object, task: TaskName) => taskInput(parts, 'query', { task, imageToken: PAD }, 'input');
const target = (parts: object, task: TaskName) => taskInput(parts, 'document', { task, imageToken: PAD }, 'input');

describe('every task, both sides', () => {
  test.each(Object.keys(instructions) as TaskName[])('%s', (task) => {
    for (const [side, word] of [
      ['query', query],
      ['target', target],
    ] as const) {
      const template = instructions[task][side];
      const parts = {
        ...(template.includes('{text}') && { text: 'TEXT' }),
        ...(template.includes('{image}') && { image }),
      };
      expect(word(parts, task)).toEqual({
        text: template.replace('{image}', PAD).replace('{text}', 'TEXT'),
        image: template.includes('{image}') ? image : undefined,
      });
    }
  });
});

test('the two sets whose text queries hold the token without an image', () => {
  for (const task of ['WebQA', 'EDIS'] as const) {
    const { text, image: none } = query({ text: 'Who?' }, task);
    expect(text).toMatch(/^<\|image_pad\|>\nFind a .*: Who\?\n$/);
    expect(none).toBeUndefined();
  }
});

test.each<[() => unknown, RegExp]>([
  [() => query({ text: 'a' }, 'ImageNet-1K'), /a query of ImageNet-1K has no text/],
  [() => query({}, 'ImageNet-1K'), /a query of ImageNet-1K needs an image/],
  [() => query({ image }, 'DocVQA'), /a query of DocVQA needs a text/],
  [() => query({ image, text: 'a' }, 'MSCOCO_t2i'), /a query of MSCOCO_t2i has no image/],
  [() => target({ text: 'a' }, 'MSCOCO_t2i'), /a document of MSCOCO_t2i has no text/],
  [() => target({ text: 'a' }, 'EDIS'), /a document of EDIS needs an image/],
  [() => query({ text: 'a' }, 'CIFAR' as TaskName), /no task "CIFAR"/],
  [() => query({ text: 'a' }, 'toString' as TaskName), /no task "toString"/],
  [() => query({ text: 'a', instruction: 'Find' }, 'MSCOCO_t2i'), /has its own instruction/],
])('refused: %s', (run, message) => {
  expect(run).toThrow(InvalidInputError);
  expect(run).toThrow(message);
});
