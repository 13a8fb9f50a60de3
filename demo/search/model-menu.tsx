/** @file The current model, and what changing it would mean. */
import type { JSX } from 'preact';
import { ModelBar, nameOf, progressInWords, type ModelControl } from '../shell';
import { searchStrings } from '../strings/search';
import { SizeChoice } from './before/size-choice';
import { DeepChoice } from './deep/deep-choice';
import { Popover } from './parts/popover';
import { useSearch } from './state';

const strings = searchStrings.model;

/** Opens by itself if something has to be done about it. */
export function ModelMenu(): JSX.Element {
  const { control } = useSearch();
  return (
    <Popover
      class="model-choice"
      icon="model"
      label={nameOf(control.choice.value)}
      title={modelInWords(control)}
      open={control.state.value.kind === 'failed'}
    >
      <ModelSettings />
    </Popover>
  );
}

export function modelInWords(control: ModelControl): string {
  const name = nameOf(control.choice.value);
  const state = control.state.value;
  if (state.kind === 'failed') return strings.failed(name);
  if (state.kind === 'ready') return strings.summary(name);
  const progress = state.kind === 'loading' && state.progress ? progressInWords(state.progress).share : null;
  return strings.loading(name, progress);
}

export function ModelSettings(): JSX.Element {
  const { control } = useSearch();
  return (
    <>
      <ModelBar control={control} />
      <SizeChoice />
      <DeepChoice />
      <p class="quiet">
        {strings.switching} <a href="models.html">{strings.indexes}</a>
      </p>
    </>
  );
}
