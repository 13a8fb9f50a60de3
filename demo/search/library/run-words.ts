/** @file Indexing in words: progress, speed, remaining time. */
import type { IndexState } from '../../../src/search';
import { durationInWords } from '../../shell/words';
import { searchStrings } from '../../strings/search';

const strings = searchStrings.run;

/** One line about a run; empty if there is nothing to show. */
export function runInWords({ phase, run, folders }: Pick<IndexState, 'phase' | 'run' | 'folders'>): string {
  if (!run) return phase === 'walking' ? strings.walking(0) : '';
  const { found, total, done, embedded, reused, removed, rate, secondsLeft } = run;
  if (phase === 'walking') return strings.walking(found);
  if (phase === 'idle') {
    // If not everything could be scanned, that is not known.
    const isUpToDate = embedded + reused + removed === 0;
    return isUpToDate && folders.some(({ problem }) => problem) ? '' : strings.done(embedded, reused, removed);
  }
  const words = [phase === 'paused' ? strings.paused(total - done) : strings.indexing(done, total)];
  if (phase === 'indexing' && rate !== null) words.push(strings.rate(rate));
  if (phase === 'indexing' && secondsLeft !== null) words.push(strings.left(durationInWords(secondsLeft)));
  if (reused > 0) words.push(strings.reused(reused));
  return words.join(' · ');
}
