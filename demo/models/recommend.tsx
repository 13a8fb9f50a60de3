/**
 * @file What the page of models does with the recommended ones: downloads them, measures them, opens them in the search
 * page.
 */
import type { StoredModel } from '../../src/index';
import { subjectOfCard, type CardActions } from '../cards/cards';
import type { Recommended } from '../cards/recommended';
import { Button } from '../shell';
import { cardStrings as strings } from '../strings/cards';
import type { ModelsState } from './state';

/** The page that searches, with a stored model; with none, as it was left. */
export function searchPage(name: string | null): string {
  return name === null ? 'search.html' : `search.html?stored=${encodeURIComponent(name)}`;
}

/** The key under which the times of a stored model are kept. */
export const subjectOfStored = ({ name, source, origin }: StoredModel): string =>
  source?.adapter?.id ?? (origin?.kind === 'hub' ? origin.repo : (source?.base.id ?? name));

const storedOf = (state: ModelsState, { repo, dtype }: Recommended) => {
  const ready = (state.stored.value ?? []).filter(
    (model) => model.state === 'ready' && subjectOfStored(model) === repo,
  );
  return ready.find((model) => model.dtype === dtype) ?? ready[0];
};

export function cardActions(state: ModelsState, card: Recommended, name: string): CardActions {
  const model = card.repo === null ? null : storedOf(state, card);
  if (model === undefined) {
    const get = () => {
      state.fill({ repo: card.repo!, dtype: card.dtype });
      void state.look();
    };
    return {
      main: (
        <Button kind="main" aria-label={strings.of(strings.get, name)} onClick={get}>
          {strings.get}
        </Button>
      ),
      measure: null,
    };
  }
  return {
    main: (
      <a class="button main" href={searchPage(model?.name ?? null)} aria-label={strings.of(strings.use, name)}>
        {strings.use}
      </a>
    ),
    measure: () => void state.measuring.stored(model ? { name: model.name } : 'nano', subjectOfCard(card)),
  };
}
