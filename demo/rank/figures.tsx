/** @file The cost of the last ranking and of loading: time by stage, tokens. */
import type { JSX } from 'preact';
import { timeInWords, type ModelControl } from '../shell';
import { rankStrings as strings } from '../strings/rank';
import { Fold } from './fold';
import type { LiveRanking } from './live-ranking';

const words = strings.figure;

export function Figures({ control, ranking }: { control: ModelControl; ranking: LiveRanking }): JSX.Element {
  const state = control.state.value;
  const shown = ranking.shown.value;
  const where = strings.where[control.model.value?.device ?? 'cpu'] ?? '';
  const loaded = state.kind === 'ready' ? Object.entries(state.times).filter(([, time]) => time >= 0.5) : [];
  const whole = loaded.reduce((sum, [, time]) => sum + time, 0);
  return (
    <Fold id="figures-title" title={strings.figures} class="figures">
      <dl>
        <dt>{words.ranking}</dt>
        <dd id="timing">
          {ranking.isBusy.value
            ? strings.busy(where)
            : shown
              ? `${timeInWords(shown.milliseconds)} on the ${where}, ${shown.usage.inputs > 0 ? words.embedded(shown.usage.inputs) : words.nothingNew}`
              : '–'}
        </dd>
        {shown && shown.usage.inputs > 0 && (
          <>
            <dt>{words.tokens}</dt>
            <dd id="tokens">{words.tokensOf(shown.usage.tokens, shown.usage.imageTokens)}</dd>
            <dt>{words.stages}</dt>
            <dd id="stages">
              {words.stagesOf(
                timeInWords(shown.usage.milliseconds.prepare),
                timeInWords(shown.usage.milliseconds.vision),
                timeInWords(shown.usage.milliseconds.text),
              )}
            </dd>
          </>
        )}
        {loaded.length > 0 && (
          <>
            <dt>{words.loading}</dt>
            <dd>
              {timeInWords(whole)}:{' '}
              {loaded.map(([phase, time]) => `${words.phases[phase] ?? phase} ${timeInWords(time)}`).join(', ')}
            </dd>
          </>
        )}
      </dl>
    </Fold>
  );
}
