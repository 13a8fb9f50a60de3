/** @file Copies text; if the browser refuses that, shows a field to copy it from by hand. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { Dialog, toast } from '../../shell';
import { searchStrings } from '../../strings/search';

const strings = searchStrings.selection;
const refused = signal<string | null>(null);

/** @param done the message when it is copied */
export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    refused.value = text;
  }
}

/** Rendered once in the page. */
export function CopyByHand(): JSX.Element {
  return (
    <Dialog title={strings.listTitle} open={refused.value !== null} onClose={() => (refused.value = null)}>
      <p>{strings.failed}</p>
      <textarea class="by-hand" rows={10} readOnly aria-label={strings.listTitle} value={refused.value ?? ''} />
    </Dialog>
  );
}
