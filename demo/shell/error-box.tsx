/** @file An error message that is announced, with what can be done about it. */
import type { JSX } from 'preact';
import { shellStrings } from '../strings/shell';
import { Button, IconButton } from './button';
import { errorInWords } from './words';

export interface ErrorBoxProps {
  /** null: nothing is wrong, nothing is shown. */
  error: unknown;
  /** A way to resolve it. */
  action?: { label: string; run: () => void } | null;
  onDismiss?: () => void;
}

/** Text only, since messages contain file names and answers of servers. */
export function ErrorBox({ error, action, onDismiss }: ErrorBoxProps): JSX.Element | null {
  if (error === null || error === undefined) return null;
  return (
    <div class="error-box">
      <p role="alert">{errorInWords(error)}</p>
      {action && <Button onClick={action.run}>{action.label}</Button>}
      {onDismiss && <IconButton icon="close" label={shellStrings.dismiss} onClick={onDismiss} />}
    </div>
  );
}
