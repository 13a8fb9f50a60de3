/**
 * @file The folders of the library as a tree: which of them are visible, given the open ones and a word to search for.
 */
import type { Facets } from '../../../src/search';

export interface FolderNode {
  /** The path that filters take: `Holidays/2024`. */
  path: string;
  /** The last part of it. */
  name: string;
  /** Pictures in it and below. */
  count: number;
  /** From 1. */
  level: number;
  /** Null if it contains no folder. */
  open: boolean | null;
}

export interface TreeOptions {
  open: ReadonlySet<string>;
  /** Names must contain it; folders that lead to a match are visible too. Empty for no search. */
  search: string;
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The visible folders, from the top. */
export function visibleFolders(folders: Facets['folders'], { open, search }: TreeOptions): FolderNode[] {
  const wanted = search.trim().toLowerCase();
  const seen = wanted === '' ? null : matching(folders, wanted);
  const children = new Map<string, Facets['folders']>();
  for (const folder of folders) {
    const parent = parentOf(folder.path);
    const siblings = children.get(parent);
    if (siblings) siblings.push(folder);
    else children.set(parent, [folder]);
  }
  for (const siblings of children.values()) siblings.sort((a, b) => collator.compare(a.path, b.path));
  const nodes: FolderNode[] = [];
  const walk = (parent: string, level: number) => {
    for (const { path, count } of children.get(parent) ?? []) {
      if (seen && !seen.has(path)) continue;
      const inside = (children.get(path) ?? []).filter((child) => !seen || seen.has(child.path));
      const isOpen = inside.length === 0 ? null : seen !== null || open.has(path);
      nodes.push({ path, name: nameOf(path), count, level, open: isOpen });
      if (isOpen) walk(path, level + 1);
    }
  };
  walk('', 1);
  return nodes;
}

/** Folders with such a name, and all that lead to them. */
function matching(folders: Facets['folders'], wanted: string): Set<string> {
  const seen = new Set<string>();
  for (const { path } of folders) {
    if (!nameOf(path).toLowerCase().includes(wanted)) continue;
    for (let at = path; at !== '' && !seen.has(at); at = parentOf(at)) seen.add(at);
  }
  return seen;
}

/** Every folder above this one: they have to be open for it to be visible. */
export function foldersAbove(path: string): string[] {
  const above: string[] = [];
  for (let at = parentOf(path); at !== ''; at = parentOf(at)) above.push(at);
  return above;
}

export type TreeMove = { kind: 'focus'; to: number } | { kind: 'open' | 'close' | 'choose' };

/** What a key does in the tree, as in file managers; null for keys that are not ours. */
export function treeMove(nodes: readonly FolderNode[], at: number, key: string): TreeMove | null {
  const node = nodes[at];
  if (!node) return null;
  const focus = (to: number): TreeMove => ({ kind: 'focus', to: Math.min(nodes.length - 1, Math.max(0, to)) });
  switch (key) {
    case 'ArrowDown':
      return focus(at + 1);
    case 'ArrowUp':
      return focus(at - 1);
    case 'Home':
      return focus(0);
    case 'End':
      return focus(nodes.length - 1);
    case 'ArrowRight':
      if (node.open === null) return null;
      return node.open ? focus(at + 1) : { kind: 'open' };
    case 'ArrowLeft':
      if (node.open) return { kind: 'close' };
      return node.level > 1 ? focus(nodes.findLastIndex(({ level }, i) => i < at && level < node.level)) : null;
    case 'Enter':
    case ' ':
      return { kind: 'choose' };
    default:
      return null;
  }
}
