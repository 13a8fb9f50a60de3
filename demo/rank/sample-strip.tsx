/** @file Pictures to add: the user's own, and the samples, marked with nano's results. */
import type { JSX } from 'preact';
import { Button, FileButton, Icon, isDragging } from '../shell';
import { rankStrings as strings } from '../strings/rank';
import { PICTURE_FILES } from './readable';
import { sampleUrl, type Sample } from './samples';
import type { RankState } from './state';

export interface SampleStripProps {
  state: RankState;
  onSample: (sample: Sample) => void;
  onFiles: (files: File[]) => void;
}

export function SampleStrip({ state, onSample, onFiles }: SampleStripProps): JSX.Element {
  const samples = state.samples.value;
  const shown = new Set(state.pictures.value.map(({ sample }) => sample?.file));
  return (
    <section class="strip" aria-labelledby="samples-title">
      <h2 id="samples-title" class="visually-hidden">
        {strings.pictures}
      </h2>
      <div class={`add ${isDragging.value ? 'over' : ''}`}>
        <FileButton id="file" accept={PICTURE_FILES} multiple class="button main" onFiles={onFiles}>
          <Icon name="add" />
          <span>{strings.addPictures}</span>
        </FileButton>
        <FileButton id="camera" accept="image/*" camera class="button plain camera" onFiles={onFiles}>
          <span>{strings.camera}</span>
        </FileButton>
        <Button icon="close" onClick={() => state.clear()}>
          {strings.clearAll}
        </Button>
      </div>
      <ul id="samples">
        {samples.map((sample) => (
          <li key={sample.file}>
            <button
              type="button"
              aria-pressed={shown.has(sample.file)}
              aria-label={strings.sample(sample.alt, sample.ranked === 'right')}
              title={strings.sample(sample.alt, sample.ranked === 'right')}
              onClick={() => onSample(sample)}
            >
              <img src={sampleUrl(sample.file)} alt="" loading="lazy" />
              <span class={`mark ${sample.ranked}`}>
                <Icon name={sample.ranked === 'right' ? 'check' : 'cross'} />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function SamplesNote({ state }: { state: RankState }): JSX.Element | null {
  const samples = state.samples.value;
  const right = samples.filter(({ ranked }) => ranked === 'right').length;
  if (samples.length === 0) return null;
  return <p class="quiet note">{strings.samplesNote(right, samples.length)}</p>;
}
