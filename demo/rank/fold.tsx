/** @file A part of the page that is open if there is room, and folded on a phone. */
import { useState } from 'preact/hooks';
import type { ComponentChildren, JSX } from 'preact';

export interface FoldProps {
  id: string;
  title: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}

export function Fold({ id, title, children, ...rest }: FoldProps): JSX.Element {
  // Afterwards the visitor decides.
  const [isOpen] = useState(() => matchMedia('(min-width: 861px)').matches);
  return (
    <details class={`fold ${rest.class ?? ''}`} open={isOpen}>
      <summary>
        <h2 id={id}>{title}</h2>
      </summary>
      {children}
    </details>
  );
}
