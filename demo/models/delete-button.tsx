/** @file Deleting from a list: asks in place, with the focus on the safe answer. */
import type { Signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { Button, focusNext } from '../shell';
import { modelsStrings } from '../strings/models';

const words = modelsStrings.actions;

interface DeleteButtonProps {
  /** Whether it is asking: the row's other buttons are hidden meanwhile. */
  asking: Signal<boolean>;
  /** The button's name for screen readers. */
  label: string;
  question: string;
  onDelete: () => void;
}

export function DeleteButton({ asking, label, question, onDelete }: DeleteButtonProps): JSX.Element {
  const place = useRef<HTMLSpanElement>(null);
  const ask = (now: boolean) => {
    asking.value = now;
    focusNext(() => place.current?.querySelector<HTMLElement>('.safe button'));
  };
  return (
    <span ref={place} class="actions">
      {asking.value ? (
        <>
          <span>{question}</span>
          <Button kind="danger" onClick={onDelete}>
            {words.deleteSure}
          </Button>
          <span class="safe">
            <Button onClick={() => ask(false)}>{words.keep}</Button>
          </span>
        </>
      ) : (
        <span class="safe">
          <Button aria-label={label} onClick={() => ask(true)}>
            {words.delete}
          </Button>
        </span>
      )}
    </span>
  );
}
