/** @file The progress of the second pass: one line while there is something to show. */
import type { JSX } from 'preact';
import { Button, ErrorBox, Progress } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import { deepInWords } from './deep-words';

const strings = searchStrings.deep;

export function DeepRun(): JSX.Element | null {
  const { library, deep } = useSearch();
  const state = library.state.value;
  const pass = state?.deep;
  if (!state || !pass) return null;
  const words = deepInWords(pass);
  if (words === '') return null;
  const { phase, done, total, error } = pass;
  return (
    <div class="run deep-run">
      <div class="run-row">
        <p class="run-words">{words}</p>
        {!state.readOnly && phase !== 'idle' && (
          <div class="run-actions">
            <Button onClick={() => void library.with((index) => deep.rest(index, phase !== 'paused'))}>
              {phase === 'paused' ? strings.resume : strings.pause}
            </Button>
          </div>
        )}
      </div>
      {phase === 'running' && <Progress label={strings.running} share={total > 0 ? done / total : 1} />}
      {error && <ErrorBox error={error} />}
    </div>
  );
}
