/** @file The second pass in words: progress, speed, remaining time, and which results come from the first pass. */
import type { DeepState } from '../../../src/search';
import { durationInWords } from '../../shell/words';
import { searchStrings } from '../../strings/search';
import type { Found } from '../query/finder';

const strings = searchStrings.deep;

/** Empty if there is nothing to show. */
export function deepInWords({ phase, modelName, modelId, ...state }: DeepState): string {
  const { done, total, failed, unreadable, rate, secondsLeft } = state;
  if (phase === 'idle' && unreadable === 0) return '';
  const words = [strings.progress(modelName ?? modelId, done, total)];
  if (phase === 'paused') words.push(strings.paused);
  if (phase === 'waiting') words.push(strings.waiting);
  if (rate !== null) words.push(searchStrings.run.rate(rate));
  if (secondsLeft !== null) words.push(searchStrings.run.left(durationInWords(secondsLeft)));
  if (unreadable > 0) words.push(strings.unreadable(unreadable));
  if (failed > 0) words.push(strings.failed(failed));
  return words.join(' · ');
}

/** Which pass the results come from; empty without a second model, and if all come from the second. */
export function passInWords({ query, hits, ids, relevant, deep }: Found, hasDeep: boolean): string {
  if (!query || !hits || !hasDeep) return '';
  if (!deep) return strings.allFirst;
  const first = ids.subarray(0, relevant).reduce((n, id) => n + (hits.get(id)?.pass === 'first' ? 1 : 0), 0);
  return first === 0 ? '' : strings.someFirst(first);
}
