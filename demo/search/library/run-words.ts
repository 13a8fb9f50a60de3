/** @file Indexing in words: how far, how fast, how much longer. */
import type { IndexState } from '../../../src/search';
import { durationInWords } from '../../shell/words';
import { searchStrings } from '../../strings/search';

const strings = searchStrings.run;

/** One line about a run; empty where there is nothing to say. */
export function runInWords({ phase, run, folders }: Pick<IndexState, 'phase' | 'run' | 'folders'>): string {
  if (!run) return phase === 'walking' ? strings.walking(0) : '';
  const { found, total, done, embedded, reused, removed, rate, secondsLeft } = run;
  if (phase === 'walking') return strings.walking(found);
  if (phase === 'idle') {
    // Whoever could not look everywhere does not know that.
    const isUpToDate = embedded + reused + removed === 0;
    return isUpToDate && folders.some(({ problem }) => problem) ? '' : strings.done(embedded, reused, removed);
  }
  const words = [phase === 'paused' ? strings.paused(total - done) : strings.indexing(done, total)];
  if (phase === 'indexing' && rate !== null) words.push(strings.rate(rate));
  if (phase === 'indexing' && secondsLeft !== null) words.push(strings.left(durationInWords(secondsLeft)));
  if (reused > 0) words.push(strings.reused(reused));
  return words.join(' · ');
}
