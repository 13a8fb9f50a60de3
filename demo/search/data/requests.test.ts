import { expect, test } from 'vitest';
import { countRequests } from './requests';

test('requests to this site are counted, others are named, pictures in memory are neither', () => {
  const site = 'https://example.org';
  const first = countRequests(
    { own: 0, foreign: [] },
    [`${site}/a.js`, 'blob:https://example.org/1', 'data:image/png,x'],
    site,
  );
  expect(first).toEqual({ own: 1, foreign: [] });
  expect(countRequests(first, ['https://example.org.evil/x', `${site}:8443/y`, `${site}/z`], site)).toEqual({
    own: 2,
    foreign: ['https://example.org.evil/x', `${site}:8443/y`],
  });
});
