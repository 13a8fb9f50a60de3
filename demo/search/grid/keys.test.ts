import { expect, test } from 'vitest';
import { commandOf, moveOf } from './keys';
import { gridLayout } from './layout';

// 0 1 2 / 3 4 // 5 6 7 / 8
const layout = gridLayout(
  [
    { count: 5, heading: 0 },
    { count: 4, heading: 50 },
  ],
  { width: 320, minCell: 100, gap: 10 },
);
const move = (index: number, key: string, modifiers = {}) => moveOf(layout, index, { key, ...modifiers }, 2);

test('arrows keep the column, across sections and short rows', () => {
  expect([
    move(1, 'ArrowDown'),
    move(2, 'ArrowDown'),
    move(4, 'ArrowDown'),
    move(7, 'ArrowUp'),
    move(7, 'ArrowDown'),
  ]).toEqual([4, 4, 6, 4, 8]);
  expect([move(4, 'ArrowRight'), move(5, 'ArrowLeft'), move(0, 'ArrowLeft'), move(8, 'ArrowRight')]).toEqual([
    5, 4, 0, 8,
  ]);
  expect([move(0, 'ArrowUp'), move(8, 'ArrowDown')]).toEqual([0, 8]);
});

test('home and end go to the ends of the row, with Ctrl of all', () => {
  expect([
    move(4, 'Home'),
    move(3, 'End'),
    move(1, 'End'),
    move(6, 'Home', { ctrlKey: true }),
    move(1, 'End', { metaKey: true }),
  ]).toEqual([3, 4, 2, 0, 8]);
  expect([move(0, 'PageDown'), move(2, 'PageDown'), move(8, 'PageUp'), move(1, 'PageUp')]).toEqual([5, 7, 3, 1]);
});

test('other keys, an empty grid and a focus outside move nothing', () => {
  expect(move(0, 'a')).toBeNull();
  expect(move(0, 'ArrowLeft', { altKey: true })).toBeNull(); // back, in browsers
  expect(move(99, 'ArrowLeft')).toBeNull();
  expect(moveOf(gridLayout([], { width: 320, minCell: 100, gap: 10 }), 0, { key: 'Home' }, 2)).toBeNull();
});

test('commands', () => {
  expect(['Enter', ' ', 'm', 'Escape', 'x'].map((key) => commandOf({ key }))).toEqual([
    'open',
    'select',
    'more-like',
    'clear',
    null,
  ]);
  expect(commandOf({ key: 'a', ctrlKey: true })).toBe('select-all');
  expect(commandOf({ key: 'Enter', ctrlKey: true })).toBeNull();
});
