import { expect, test } from 'vitest';
import { uniforms } from '../../bundle/random';
import { fixtureBytes } from '../../testing/fixtures';
import type { PhotoWords } from '../types';
import { readFacts } from './facts';
import { MAX_WORDS, wordsOf } from './words';

const photos = JSON.parse(new TextDecoder().decode(fixtureBytes('photo-words/expected.json'))) as Record<
  string,
  PhotoWords | null
>;

test.each(Object.entries(photos))('the words that exiv2 put into %s', async (name, words) => {
  const facts = await readFacts(fixtureBytes(`photo-words/${name}`), 0);
  expect(facts.words).toEqual(words ?? undefined);
  expect(facts.unread).toBeNull();
});

test('long, odd and empty values: cut, cleaned, or no words at all', () => {
  const of = (iptc: Record<string, unknown>) => wordsOf({ exif: {}, xmp: {}, iptc });
  expect(of({ Keywords: ['  ', '\0\0', 5, null, {}] })).toBeUndefined();
  expect(of({ Keywords: ' a\0b ' })).toEqual({ keywords: ['a b'] });
  const many = of({
    Keywords: Array.from({ length: 1000 }, (_, i) => `${i}`.padStart(300, 'x')),
    Headline: 'h'.repeat(1e6),
  });
  expect(many?.keywords).toHaveLength(1); // once cut, they are equal
  expect(many?.caption).toHaveLength(MAX_WORDS.text);
});

test('no damage causes an error, and a row holds no more than it may', async () => {
  const random = uniforms(3);
  for (const name of Object.keys(photos)) {
    const whole = fixtureBytes(`photo-words/${name}`);
    for (let i = 0; i < 30; i++) {
      const bytes = whole.slice(0, i % 2 === 0 ? whole.length : Math.floor(random() * whole.length));
      for (let flips = 0; flips < 12; flips++) bytes[Math.floor(random() * bytes.length)]! ^= 1 + flips;
      const { words = {} } = await readFacts(bytes, 0);
      const { title = '', caption = '', keywords = [], places = [] } = words;
      expect(Math.max(title.length, caption.length)).toBeLessThanOrEqual(MAX_WORDS.text);
      for (const word of [...keywords, ...places]) expect(word.length).toBeLessThanOrEqual(MAX_WORDS.item);
    }
  }
});
