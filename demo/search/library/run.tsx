/** @file Indexing as it goes on: how far, how fast, how much longer; pause, go on, stop. */
import type { JSX } from 'preact';
import type { IndexState } from '../../../src/search';
import { Button, ErrorBox, Progress } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import { runInWords } from './run-words';

const strings = searchStrings.run;

export function Run(): JSX.Element | null {
  const { library } = useSearch();
  const state = library.state.value;
  if (!state || (state.phase === 'idle' && !state.run)) return null;
  const { phase, error, readOnly } = state;
  const words = runInWords(state);
  return (
    <div class="run">
      <div class="run-row">
        {/* Read out when the phase changes; the counts would be read out without end. */}
        <p class="visually-hidden" role="status">
          {phase === 'idle' ? words : strings.label}
        </p>
        {words && <p class="run-words">{words}</p>}
        {!readOnly && phase !== 'idle' && (
          <div class="run-actions">
            {phase === 'paused' ? (
              <Button kind="main" onClick={() => void library.with((index) => index.start())}>
                {strings.resume}
              </Button>
            ) : (
              <Button onClick={() => void library.with((index) => index.pause())}>{strings.pause}</Button>
            )}
            <Button onClick={() => void library.with((index) => index.cancel())}>{strings.cancel}</Button>
          </div>
        )}
      </div>
      {phase !== 'idle' && <Progress label={strings.label} share={shareOf(state)} />}
      {error && <ErrorBox error={error} />}
    </div>
  );
}

/** Null while the end is not known. */
function shareOf({ phase, run }: IndexState): number | null {
  if (phase === 'walking' || !run) return null;
  return run.total > 0 ? run.done / run.total : 1;
}
