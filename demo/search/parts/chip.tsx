/** @file Something that narrows what is shown, in a word, with a cross that takes it away. */
import type { JSX } from 'preact';
import { Icon } from '../../shell';

export interface ChipProps {
  children: string;
  /** What it means, where that is more than its words. */
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
