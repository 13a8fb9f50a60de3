/** @file A button of the toolbar with a panel below it. One is open at a time; Escape, a click or the focus elsewhere close it. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon, type IconName } from '../../shell';

export interface PopoverProps {
  /** The button's text; on a phone for screen readers only. */
  label: string;
  /** A longer description. */
  title?: string;
  icon: IconName;
  /** For tests and style. */
  class: string;
  /** Whether something in it needs attention. */
  marked?: boolean;
  /** Opens it when this becomes true. */
  open?: boolean;
  onToggle?: (open: boolean) => void;
  children: ComponentChildren;
}

export function Popover({
  label,
  title = label,
  icon,
  marked = false,
  open = false,
  onToggle,
  children,
  ...props
}: PopoverProps): JSX.Element {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => watchOutside(details.current!), []);
  return (
    <details
      ref={details}
      class={`popover ${props.class}`}
      name="toolbar"
      open={open}
      onToggle={(event) => onToggle?.(event.currentTarget.open)}
    >
      <summary class={marked ? 'button plain marked' : 'button plain'} title={title}>
        <Icon name={icon} />
        <span class="popover-label">{label}</span>
      </summary>
      <div class="popover-panel">{children}</div>
    </details>
  );
}

/** Closes the panel when the user turns to something else. @returns a function that ends that */
export function watchOutside(details: HTMLDetailsElement): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const leave = ({ target }: Event) => {
    if (details.open && !details.contains(target as Node)) details.open = false;
  };
  addEventListener('pointerdown', leave, { signal });
  addEventListener('focusin', leave, { signal });
  addEventListener(
    'keydown',
    (event: KeyboardEvent) => {
      // A dialog opened by the panel handles Escape itself.
      if (event.key !== 'Escape' || !details.open || (event.target as Element).closest('dialog')) return;
      details.open = false;
      details.querySelector('summary')!.focus();
    },
    { signal },
  );
  return () => stop.abort();
}
