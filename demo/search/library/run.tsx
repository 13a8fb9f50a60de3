/** @file Indexing in progress: progress, speed, remaining time; pause, continue, stop. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { IndexState } from '../../../src/search';
import { Button, ErrorBox, Progress, toast } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import { runInWords } from './run-words';

const strings = searchStrings.run;

/** The result of a run is shown briefly, and announced to screen readers; afterwards nothing remains of it. */
export function Run(): JSX.Element | null {
  const { library } = useSearch();
  const state = library.state.value;
  const phase = state?.phase ?? 'idle';
  const words = state ? runInWords(state) : '';
  const before = useRef(phase);
  useEffect(() => {
    const ended = before.current !== 'idle' && before.current !== 'paused' && phase === 'idle';
    before.current = phase;
    if (ended && words) toast(words);
  }, [phase]);
  return (
    <>
      {/* Read out when the phase changes; the counts would be read out without end. */}
      <p class="run-outcome visually-hidden" role="status">
        {phase === 'idle' ? words : strings.label}
      </p>
      {state && (phase !== 'idle' || state.error) && <Running state={state} words={words} />}
    </>
  );
}

function Running({ state, words }: { state: IndexState; words: string }): JSX.Element {
  const { library } = useSearch();
  const { phase, error, readOnly } = state;
  return (
    <div class="run">
      <div class="run-row">
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
