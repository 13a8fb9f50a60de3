/** @file The search page's photo indexes, one for each model, which can be deleted here when no longer needed. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { deletePhotoIndex, type StoredPhotoIndex } from '../../src/search';
import { errorInWords } from '../shell';
import { modelsStrings } from '../strings/models';
import { DeleteButton } from './delete-button';
import type { ModelsState } from './state';
import { indexInWords } from './words';

const strings = modelsStrings.indexes;

export function IndexList({ state }: { state: ModelsState }): JSX.Element | null {
  const indexes = state.indexes.value;
  if (indexes.length === 0) return null;
  return (
    <section aria-labelledby="indexes-title">
      <h2 id="indexes-title">{strings.title}</h2>
      <p class="quiet">{strings.lead}</p>
      <ul id="indexes" class="rows">
        {indexes.map((index) => (
          <IndexRow key={index.place} state={state} index={index} />
        ))}
      </ul>
    </section>
  );
}

function IndexRow({ state, index }: { state: ModelsState; index: StoredPhotoIndex }): JSX.Element {
  const asking = useSignal(false);
  const problem = useSignal('');
  const name = index.modelName ?? index.modelId;
  const remove = async () => {
    try {
      await deletePhotoIndex(index.place);
      await state.refresh();
    } catch (error) {
      asking.value = false;
      problem.value = errorInWords(error);
    }
  };
  return (
    <li>
      <div class="facts">
        <strong>{name}</strong>
        <p class="quiet">{indexInWords(index)}</p>
        {index.deep.length > 0 && (
          <p class="quiet">{strings.deep(index.deep.map((each) => each.modelName ?? each.modelId))}</p>
        )}
        <p class="bad" role="status">
          {problem.value}
        </p>
      </div>
      <DeleteButton
        asking={asking}
        label={modelsStrings.actions.of(strings.delete, name)}
        question={strings.ask(index.pictures)}
        onDelete={() => void remove()}
      />
    </li>
  );
}
