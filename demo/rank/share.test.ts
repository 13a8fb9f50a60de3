import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromHash, toHash, type Shared } from './share';
import { TASKS } from './tasks';

test('a link and back', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 });
  const shared = fc.record({
    task: fc.constantFrom(...TASKS.map(({ id }) => id)),
    instruction: fc.option(text),
    captions: fc.array(text, { maxLength: 8 }),
    samples: fc.array(fc.stringMatching(/^[\w.-]{1,20}$/), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(shared, text, (rest, words) => {
      const question = rest.task === 'vqa' ? words : '';
      const value: Shared = { ...rest, question };
      expect(fromHash(`#${toHash(value)}`)).toEqual(value);
    }),
  );
});

test('foreign and hostile links', () => {
  expect(fromHash('')).toBeNull();
  expect(fromHash('#content')).toBeNull();
  expect(fromHash('#task=__proto__&caption=a')).toBeNull();
  const many = `#task=caption${'&caption=a'.repeat(5000)}&sample=../../secret&sample=a%2Fb&sample=cat.jpg`;
  expect(fromHash(many)).toMatchObject({ samples: ['cat.jpg'] });
  expect(fromHash(many)!.captions).toHaveLength(100);
  expect(fromHash(`#task=caption&caption=${'x'.repeat(9999)}`)!.captions[0]).toHaveLength(1000);
  fc.assert(fc.property(fc.string(), (hash) => void fromHash(`#task=vqa&${hash}`)));
});
