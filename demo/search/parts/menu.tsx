/** @file A button with a list of things to do above it. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../../shell';
import { watchOutside } from './popover';

export interface MenuProps {
  label: string;
  choices: readonly { label: string; run: () => void }[];
}

export function Menu({ label, choices }: MenuProps): JSX.Element {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => watchOutside(details.current!), []);
  return (
    <details ref={details} class="action-menu">
      <summary class="button plain">
        <Icon name="more" />
        <span>{label}</span>
      </summary>
      <ul>
        {choices.map((choice) => (
          <li key={choice.label}>
            <button
              type="button"
              onClick={() => {
                details.current!.open = false;
                choice.run();
              }}
            >
              {choice.label}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
