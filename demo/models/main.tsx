/** @file The page of models: what one costs, adding it to the browser, and what is stored there. */
import type { JSX } from 'preact';
import { DropVeil, ErrorBox, keepOffline, mount, Page, watchFiles } from '../shell';
import { modelsStrings as strings } from '../strings/models';
import { AddForm } from './add-form';
import { Cards } from '../cards/cards';
import { wishFrom } from '../cards/get-page';
import { CostView } from './cost';
import { FamilyTable } from './family-table';
import { droppedFolder } from './folder';
import { IndexList } from './index-list';
import { JobsList } from './jobs-list';
import { cardActions } from './recommend';
import { takeErrand } from './reach';
import { ModelsState } from './state';
import { StoredList } from './stored-list';

const hub = document.querySelector<HTMLMetaElement>('meta[name="hub"]')!.content.split(' ');
const state = new ModelsState(hub);

function ModelsPage(): JSX.Element {
  const cost = state.cost.value;
  return (
    <Page current="models" title={strings.title} lead={strings.lead}>
      <DropVeil hint={strings.dropHint} />
      <div class="models">
        <Cards measuring={state.measuring} actions={(card, name) => cardActions(state, card, name)} />
        <StoredList state={state} />
        <section aria-labelledby="add-title">
          <h2 id="add-title">{strings.add}</h2>
          <AddForm state={state} />
        </section>
        <ErrorBox error={state.error.value} action={state.way.value} onDismiss={() => state.clear()} />
        {cost && <CostView state={state} cost={cost} />}
        <JobsList jobs={state.jobs} />
        <FamilyTable state={state} />
        <IndexList state={state} />
        <Tools />
      </div>
    </Page>
  );
}

/** Further information about a model. */
function Tools(): JSX.Element {
  return (
    <section class="tools" aria-labelledby="tools-title">
      <h2 id="tools-title">{strings.tools}</h2>
      <ul>
        <li>
          <a href="eval.html">{strings.evalPage}</a> {strings.evalNote}
        </li>
        <li>
          <a href="bench.html">{strings.benchPage}</a> {strings.benchNote}
        </li>
      </ul>
    </section>
  );
}

watchFiles((_files, origin, data) => {
  if (origin !== 'dropped') return;
  state.clear();
  droppedFolder(data.items).then(
    (folder) => {
      if (folder) state.takeFolder(folder);
      else state.error.value = new Error(strings.errors.notFolder);
    },
    (error: unknown) => (state.error.value = error),
  );
});
mount(<ModelsPage />);
const errand = takeErrand();
// Nothing is downloaded for this.
const wish = wishFrom(location.search);
if (wish && !errand) state.fill(wish);
void state.refresh().then(() => errand && state.take(errand));
// Back from the page that may reach more, restored from the page cache: nothing is in progress any more.
addEventListener('pageshow', (event) => {
  if ((event as PageTransitionEvent).persisted) state.isLooking.value = false;
});
void keepOffline(null);
