import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold, needleOf } from './fold';

test.each([
  ['IMG_2041.JPG', ' img 2041 jpg '],
  ['Émile & Zoë', ' emile zoe '],
  ['Straße Øresund Łódź', ' strasse oresund lodz '],
  ['iPhone15', ' iphone 15 '],
  ['ＡＢＣ １２', ' abc 12 '],
  ['海滩 2021', ' 海滩 2021 '],
  ['--', ' '],
  ['', ' '],
])('%s → %j', (text, folded) => expect(fold(text)).toBe(folded));

test('folding twice changes nothing, and no text fails', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.integer({ min: 0, max: 0x2ffff }).map((code) => String.fromCodePoint(code)) }),
      (text) => {
        expect(fold(fold(text))).toBe(fold(text));
        expect(fold(text)).toMatch(/^ (\S+ )*$/);
      },
    ),
  );
});

test.each([
  ['boat', 'my boats', true],
  ['boats', 'my boat', false],
  ['oat', 'my boat', false],
  ['a', 'an ape', false],
  ['2041', 'IMG_2041', true],
  ['2041', 'IMG_20417', false],
  ['204', 'IMG_2041', true],
  ['red boat', 'the red boats', true],
  ['red boat', 'a boat, red', false],
  ['zoe', 'Zoë', true],
  ['滩', '海滩 1', true],
])('%s in %s: %s', (words, text, found) => expect(fold(text).includes(needleOf(words)!)).toBe(found));

test('what has no letters is no needle', () => {
  expect([needleOf(''), needleOf('-- !'), needleOf('🎈')]).toEqual([null, null, null]);
});
