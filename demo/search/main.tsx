/** @file The search page: loads the model, opens its index, and shows its state. */
import { effect } from '@preact/signals';
import placesUrl from '../../places/places.bin?url';
import searchWorkerUrl from '../../workers/search.worker.ts?worker&url';
import surveyWorkerUrl from '../../workers/survey.worker.ts?worker&url';
import { openPhotoIndex } from '../../src/search';
import { keepOffline, mount, startConfined, startModelWorkerEarly } from '../shell';
import { indexId } from './before/photo-sizes';
import { embedderOf } from './library/embedder';
import { SearchPage } from './page';
import { SearchState } from './state';

startModelWorkerEarly();
const state = new SearchState();
const { control, library, sizes } = state;

mount(<SearchPage state={state} />);
state.follow();
effect(() => {
  const info = control.model.value?.info;
  if (!info) return;
  const size = sizes.of(info);
  void library.use(indexId(info, size), () =>
    openPhotoIndex({
      embedder: embedderOf(control, info, size),
      worker: () => startConfined(searchWorkerUrl),
      surveyWorker: () => startConfined(surveyWorkerUrl),
      places: new URL(placesUrl, location.href),
    }),
  );
  void keepOffline(info.build);
});
void control.start(new URLSearchParams(location.search));
void state.deep.start(library);
