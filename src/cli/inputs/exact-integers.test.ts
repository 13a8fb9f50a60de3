import { expect, test } from 'vitest';
import { exactIntegers } from './exact-integers';

test.each([
  ['{"id":12345678901234567890,"n":-9007199254740993}', { id: '12345678901234567890', n: '-9007199254740993' }],
  ['[9007199254740991, 9007199254740992, 1234567890123456]', [9007199254740991, '9007199254740992', 1234567890123456]],
  ['{"a":0.12345678901234567,"b":1e-1234567890123456,"c":1234567890123456789.5,"d":12345678901234567E2}', null],
  [String.raw`{"12345678901234567890":"12345678901234567890 \" 12345678901234567890","x":"\\"}`, null],
  [String.raw`["\\",12345678901234567890,"\\\"",12345678901234567890]`, ['\\', '12345678901234567890', '\\"', '12345678901234567890']], // prettier-ignore
])('%s', (json, wanted) => {
  expect(JSON.parse(exactIntegers(json))).toEqual(wanted ?? JSON.parse(json));
});

test('a very long string, full of escapes, and one that is never closed', () => {
  const long = `{"a":12345678901234567890,"b":"${String.raw`\"`.repeat(10_000_000)}"}`;
  expect(exactIntegers(long)).toHaveLength(long.length + 2);
  const open = '"12345678901234567890';
  expect(exactIntegers(open)).toBe(open);
});
