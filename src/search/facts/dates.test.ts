import { expect, test } from 'vitest';
import { isUnset, localWallClock, wallClock } from './dates';

const EVENING = Date.UTC(2018, 2, 4, 18, 6, 7);

test.each([
  // As EXIF specifies, and as cameras, phones and programs spell it.
  '2018:03:04 18:06:07',
  '2018-03-04 18:06:07',
  '2018/03/04 18:06:07',
  '2018.03.04 18.06.07',
  '2018:3:4 18:6:7',
  '2018: 3: 4 18: 6: 7',
  ' 2018:03:04  18:06:07 ',
  '2018:03:04T18:06:07',
  '2018:03:04 06:06:07 PM',
  '2018/03/04, 6:06:07 p.m.',
  '2018:03:04 18:06:07.123',
  // With a time zone, which is ignored: what counts is what the clock showed there.
  '2018:03:04 18:06:07+09:00',
  '2018-03-04T18:06:07Z',
  '2018-03-04T18:06:07.250-05:00',
  '20180304T180607',
  '20180304 180607Z',
  'Sun, 4 Mar 2018 18:06:07 GMT',
  '04 March 2018 18:06:07 +0000',
])('the date %j', (text) => {
  expect(wallClock(text)).toBe(EVENING);
});

test.each([
  ['2018:03:04', Date.UTC(2018, 2, 4)],
  ['20180304', Date.UTC(2018, 2, 4)],
  ['2018:03:04   :  :  ', Date.UTC(2018, 2, 4)],
  ['2018:03:04 99:06:07', Date.UTC(2018, 2, 4)],
  ['2018-03-04T18:06', Date.UTC(2018, 2, 4, 18, 6)],
  ['2018:03:04 12:00:01 AM', Date.UTC(2018, 2, 4, 0, 0, 1)],
  ['2018:03:04 12:00:01 PM', Date.UTC(2018, 2, 4, 12, 0, 1)],
  ['1962-07', Date.UTC(1962, 6, 1)],
  ['1987', Date.UTC(1987, 0, 1)],
  ['2024:02:29 00:00:00', Date.UTC(2024, 1, 29)],
])('as much as %j says', (text, expected) => {
  expect(wallClock(text)).toBe(expected);
});

test.each([
  '0000:00:00 00:00:00',
  '2023:02:29 00:00:00',
  '2018:13:04 18:06:07',
  '2018:00:00 00:00:00',
  '2018:03-04 18:06:07',
  '1066:10:14 09:00:00',
  '04/03/2018 18:06:07', // could be 4 March or 3 April
  '1520186767',
  'yesterday',
  'Sun, 4 Foo 2018 18:06:07 GMT',
  '',
])('no date: %j', (text) => {
  expect(wallClock(text)).toBeNull();
});

test('values that mean an unknown date, and damaged ones', () => {
  for (const text of ['', '    :  :     :  :  ', '0000:00:00 00:00:00', '0000-00-00T00:00:00Z'])
    expect(isUnset(text)).toBe(true);
  for (const text of ['yesterday', '2018:13:04 18:06:07']) expect(isUnset(text)).toBe(false);
});

test('an instant, by the local clock', () => {
  expect(localWallClock(new Date(2021, 4, 6, 7, 8, 9).getTime())).toBe(Date.UTC(2021, 4, 6, 7, 8, 9));
});
