/**
 * @file A picture's names as one folded text, which searches by words go through; kept as long as the picture is in the
 * index.
 */

import type { PhotoItem } from '../types';
import { fold } from './fold';

/** Where in a picture's names words may stand. Those before `folder` are its own; a folder's and a camera's are many pictures'. */
export const FIELDS = ['name', 'keyword', 'caption', 'place', 'folder', 'camera'] as const;
export type Field = (typeof FIELDS)[number];

export type Named = Pick<PhotoItem, 'name' | 'path' | 'camera' | 'words'>;

export class Haystacks {
  readonly #known = new WeakMap<Named, string>();

  /** {@link FIELDS} in order, each folded, with a new line between them. */
  of(item: Named): string {
    const known = this.#known.get(item);
    if (known !== undefined) return known;
    const { name, path, camera, words = {} } = item;
    const { title = '', caption = '', keywords = [], places = [] } = words;
    const folders = path.slice(0, Math.max(0, path.length - name.length - 1)).split('/');
    const made = [
      fold(name.replace(/\.\w{1,5}$/, '')),
      // Each by itself, so that no phrase runs over two of them.
      keywords.map(fold).join(''),
      fold(title) + fold(caption),
      places.map(fold).join(''),
      folders.map(fold).join(''),
      fold(camera ?? ''),
    ].join('\n');
    this.#known.set(item, made);
    return made;
  }
}

/** The field of a place in a haystack. */
export function fieldAt(haystack: string, at: number): Field {
  let field = 0;
  for (let end = haystack.indexOf('\n'); end >= 0 && end < at; end = haystack.indexOf('\n', end + 1)) field++;
  return FIELDS[field]!;
}
