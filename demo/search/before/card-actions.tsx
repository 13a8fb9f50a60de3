/** @file What the search page does with the recommended models: uses those that are stored, and links to the others. */
import { subjectOfCard, type CardActions } from '../../cards/cards';
import type { Recommended } from '../../cards/recommended';
import { getPage } from '../../cards/get-page';
import { Button } from '../../shell';
import { cardStrings as strings } from '../../strings/cards';
import { useSearch } from '../state';
import { useMeasuring } from './use-measuring';

export function useCardActions(): (card: Recommended, name: string) => CardActions {
  const { control } = useSearch();
  const { subject, run } = useMeasuring();
  return (card, name) => {
    if (subject === subjectOfCard(card)) return { main: <p class="card-in-use">{strings.inUse}</p>, measure: run };
    const stored = control.stored.value.find((model) => model.repo === card.repo);
    if (card.repo !== null && !stored) {
      return {
        main: (
          <a class="button" href={getPage(card)} aria-label={strings.of(strings.get, name)}>
            {strings.get}
          </a>
        ),
        measure: null,
      };
    }
    const use = () => void control.load(stored ? { kind: 'stored', ...stored } : { kind: 'nano' });
    return {
      main: (
        <Button aria-label={strings.of(strings.useHere, name)} onClick={use}>
          {strings.useHere}
        </Button>
      ),
      measure: null,
    };
  };
}
