import { describe, expect, it } from 'vitest';
import { foldersAbove, treeMove, visibleFolders } from './folder-tree';

const folders = ['Trips', 'Trips-old', 'Trips/2024', 'Trips/2024/Crete', 'Trips/2024/Day 10', 'Trips/2024/Day 9'].map(
  (path, i) => ({ path, count: i + 1 }),
);
const shown = (open: string[], search = '') =>
  visibleFolders(folders, { open: new Set(open), search }).map(({ path, level, open }) => [path, level, open]);

describe('the folder tree', () => {
  it('shows only the top, and the contents of open folders', () => {
    expect(shown([])).toEqual([
      ['Trips', 1, false],
      ['Trips-old', 1, null],
    ]);
    expect(shown(['Trips', 'Trips/2024'])).toEqual([
      ['Trips', 1, true],
      ['Trips/2024', 2, true],
      ['Trips/2024/Crete', 3, null],
      ['Trips/2024/Day 9', 3, null],
      ['Trips/2024/Day 10', 3, null],
      ['Trips-old', 1, null],
    ]);
  });

  it('finds names anywhere, with the way to them', () => {
    expect(shown([], ' CRE')).toEqual([
      ['Trips', 1, true],
      ['Trips/2024', 2, true],
      ['Trips/2024/Crete', 3, null],
    ]);
    expect(shown([], '2024')).toEqual([
      ['Trips', 1, true],
      ['Trips/2024', 2, null],
    ]);
    expect(shown([], 'nothing')).toEqual([]);
  });

  it('follows the arrow keys as in file managers', () => {
    const nodes = visibleFolders(folders, { open: new Set(['Trips']), search: '' });
    expect(nodes.map(({ path }) => path)).toEqual(['Trips', 'Trips/2024', 'Trips-old']);
    expect(treeMove(nodes, 0, 'ArrowRight')).toEqual({ kind: 'focus', to: 1 });
    expect(treeMove(nodes, 1, 'ArrowRight')).toEqual({ kind: 'open' });
    expect(treeMove(nodes, 1, 'ArrowLeft')).toEqual({ kind: 'focus', to: 0 });
    expect(treeMove(nodes, 0, 'ArrowLeft')).toEqual({ kind: 'close' });
    expect(treeMove(nodes, 2, 'ArrowLeft')).toBeNull();
    expect(treeMove(nodes, 2, 'ArrowDown')).toEqual({ kind: 'focus', to: 2 });
    expect(treeMove(nodes, 1, 'Enter')).toEqual({ kind: 'choose' });
    expect(treeMove(nodes, 1, 'x')).toBeNull();
  });

  it('knows what to open so that a folder becomes visible', () => {
    expect(foldersAbove('Trips/2024/Crete')).toEqual(['Trips/2024', 'Trips']);
    expect(foldersAbove('Trips')).toEqual([]);
  });
});
