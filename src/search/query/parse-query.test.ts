import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseQuery } from './parse-query';

test.each([
  ['beach sunset', 'beach sunset', [], []],
  ['beach sunset -people "red car"', 'beach sunset red car', [], ['people']],
  ['zebra -stripes +spots', 'zebra', ['spots'], ['stripes']],
  ['+"red car" -"blue  car"', '', ['red car'], ['blue car']],
  ['a t-shirt of jean-luc 2020 - 2022', 'a t-shirt of jean-luc 2020 - 2022', [], []],
  ['smile :-) -) -- + -', 'smile :-) -) -- + -', [], []],
  ['party -🎈 +☀️', 'party', ['☀️'], ['🎈']],
  ['Strand −Menschen –"viele Leute"', 'Strand', [], ['Menschen', 'viele Leute']],
  ['„rotes Auto“ «voiture rouge» “red car” -“a b”', 'rotes Auto voiture rouge red car', [], ['a b']],
  ['"a -b +c"', 'a -b +c', [], []],
  ['cat -"not closed +x', 'cat', [], ['not closed +x']],
  ['cat -"" "" +"  "', 'cat', [], []],
  ['  \n\t ', '', [], []],
  ['海滩 -人', '海滩', [], ['人']],
  ['C++ c+d -1', 'C++ c+d', [], ['1']],
])('%s', (input, text, also, exclude) => {
  expect(parseQuery(input)).toEqual({ text, also, exclude });
});

const word = fc.stringMatching(/^[a-zé海0-9][a-z'’.\-+0-9]{0,6}$/u);
const phrase = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(' '));
const part = fc.record({ words: phrase, sign: fc.constantFrom('', '+', '-') });

test('finds the parts that a query was written from', () => {
  fc.assert(
    fc.property(fc.array(part), fc.constantFrom(' ', '\t ', '\u00a0'), (parts, space) => {
      const input = parts.map(({ words, sign }) => sign + (words.includes(' ') ? `"${words}"` : words)).join(space);
      const of = (sign: string) => parts.filter((each) => each.sign === sign).map(({ words }) => words);
      expect(parseQuery(input)).toEqual({ text: of('').join(' '), also: of('+'), exclude: of('-') });
    }),
  );
});

test('makes something of any text, and loses no letter', () => {
  const letters = (text: string) => (text.match(/\p{L}|\p{N}/gu) ?? []).sort().join('');
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'+-"“”„«» ab') })), (input) => {
      const { text, also, exclude } = parseQuery(input);
      expect(letters([text, ...also, ...exclude].join(' '))).toBe(letters(input));
      expect([...also, ...exclude].every((words) => words.trim() !== '')).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
