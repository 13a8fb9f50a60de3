/** @file Copying text; where the browser refuses that, a field to copy it from by hand. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { Dialog, toast } from '../../shell';
import { searchStrings } from '../../strings/search';

const strings = searchStrings.selection;
const refused = signal<string | null>(null);

/** @param done what is said when it is copied */
export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    refused.value = text;
  }
}

/** Once in the page. */
export function CopyByHand(): JSX.Element {
  return (
    <Dialog title={strings.listTitle} open={refused.value !== null} onClose={() => (refused.value = null)}>
      <p>{strings.failed}</p>
      <textarea class="by-hand" rows={10} readOnly aria-label={strings.listTitle} value={refused.value ?? ''} />
    </Dialog>
  );
}
