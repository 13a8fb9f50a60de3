/** @file Short notes at the edge of the page: something was done, or can be. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { shellStrings } from '../strings/shell';
import { Button, IconButton } from './button';

const PASSING_MS = 4000;

interface Toast {
  id: number;
  text: string;
  actions: { label: string; run: () => void }[];
}

const toasts = signal<Toast[]>([]);
let count = 0;

function remove(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Shows a note. One without actions disappears by itself; one with actions stays until it is answered. */
export function toast(text: string, actions: { label: string; run: () => void }[] = []): void {
  const id = count++;
  toasts.value = [...toasts.value, { id, text, actions }];
  if (actions.length === 0) setTimeout(() => remove(id), PASSING_MS);
}

export function Toasts(): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  // Above a dialog that covers the page: whatever was last added to the top layer is above the rest.
  useLayoutEffect(() => {
    const { current } = box;
    if (!current?.showPopover) return;
    if (current.matches(':popover-open')) current.hidePopover();
    if (toasts.value.length > 0) current.showPopover();
  }, [toasts.value]);
  return (
    <div class="toasts" role="status" popover="manual" ref={box}>
      {toasts.value.map(({ id, text, actions }) => (
        <div class="toast" key={id}>
          <p>{text}</p>
          {actions.map(({ label, run }) => (
            <Button
              key={label}
              onClick={() => {
                remove(id);
                run();
              }}
            >
              {label}
            </Button>
          ))}
          {actions.length === 0 && <IconButton icon="close" label={shellStrings.dismiss} onClick={() => remove(id)} />}
        </div>
      ))}
    </div>
  );
}
