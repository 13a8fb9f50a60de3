/** @file The choice of the model for the second pass, in the settings of the model. */
import type { JSX } from 'preact';
import { ErrorBox, Progress, progressInWords, Select } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import type { DeepChoice as Choice } from './deep-control';

const strings = searchStrings.deep;

export function DeepChoice(): JSX.Element {
  const { deep, library } = useSearch();
  const state = deep.control.state.value;
  const isSame = deep.info.value !== null && deep.info.value.id === library.open.value?.modelId;
  const kept = deep.control.stored.value;
  return (
    <section class="deep-choice" aria-label={strings.label}>
      <Select<Choice>
        id="deep-model"
        label={strings.label}
        describedBy="deep-hint"
        value={deep.choice.value}
        options={[
          { value: 'none', label: strings.none },
          { value: 'nano', label: strings.nano },
          ...kept.map(({ name, title }) => ({ value: `stored:${name}` as const, label: title })),
        ]}
        onChange={(choice) => void deep.choose(choice)}
      />
      <p id="deep-hint" class="quiet">
        {isSame ? strings.same : strings.hint}
      </p>
      {state.kind === 'loading' && (
        <Progress label={strings.loading} share={state.progress ? progressInWords(state.progress).share : null} />
      )}
      <ErrorBox error={state.kind === 'failed' ? state.error : deep.error.value} />
    </section>
  );
}
