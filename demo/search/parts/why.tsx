/** @file Why a picture was found, in a word or two on it; the full reason, and the score, are in the viewer. */
import type { JSX } from 'preact';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';

const strings = searchStrings.why;
/** More do not fit on a picture. */
const MOST = 2;

export function Why({ id }: { id: number }): JSX.Element | null {
  const { finder } = useSearch();
  const hit = finder.found.value?.hits?.get(id);
  const why = hit?.why ?? [];
  if (!hit || why.length === 0) return null;
  return (
    <span class="why">
      {why.slice(0, MOST).map((reason) => (
        <span key={reason.kind} class={`why-chip ${reason.kind}`}>
          {reason.kind === 'place' ? reason.text : strings[reason.kind]}
        </span>
      ))}
    </span>
  );
}
