/** @file A filter in a word, with a cross that removes it. */
import type { JSX } from 'preact';
import { Icon } from '../../shell';

export interface ChipProps {
  children: string;
  /** What it means, if that is more than its words. */
  title?: string;
  /** What the cross does, for screen readers. */
  remove: string;
  onRemove: () => void;
}

export function Chip({ children, title = children, remove, onRemove }: ChipProps): JSX.Element {
  return (
    <li class="chip">
      <span class="chip-text" title={title}>
        {children}
      </span>
      <button type="button" aria-label={remove} title={remove} onClick={onRemove}>
        <Icon name="close" />
      </button>
    </li>
  );
}
