/** @file Covers the whole page while files are dragged over it, and says what dropping will do. */
import type { JSX } from 'preact';
import { isDragging } from './files';

export function DropVeil({ hint }: { hint: string }): JSX.Element | null {
  return isDragging.value ? <p class="drop-veil">{hint}</p> : null;
}
