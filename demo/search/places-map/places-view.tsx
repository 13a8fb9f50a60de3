/** @file The view of places: the map, and beside or below it the pictures that it shows. */
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { ErrorBox } from '../../shell';
import { placeStrings as strings } from '../../strings/places';
import { searchStrings } from '../../strings/search';
import { Results } from '../results';
import { useSearch } from '../state';
import { Globe } from './globe';
import './places-map.css';
import { useClusters } from './use-clusters';
import { useSize } from './use-size';
import { useWorld } from './use-world';

export default function PlacesView(): JSX.Element {
  const { library, finder, arrangement } = useSearch();
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const world = useWorld();
  const ids = arrangement.arranged.value && arrangement.order.value;
  const { located, error } = useClusters(library.open.value?.index, ids);
  const isKnown = located !== null && located.ids === ids;
  const elsewhere = located ? located.ids.length - located.clusters.located : 0;
  return (
    <div class="places">
      <section class="places-map" aria-label={searchStrings.views.places} aria-busy={!isKnown || finder.stale.value}>
        <ErrorBox error={world.error} action={{ label: strings.again, run: world.again }} />
        <ErrorBox error={error} />
        <div class="places-box" ref={box}>
          {size && <Globe size={size} world={world.world} located={located} />}
        </div>
        <p class="places-line" role="status">
          {located && (
            <>
              <span>{located.clusters.located > 0 ? strings.located(located.clusters.located) : strings.none}</span>
              {elsewhere > 0 && located.clusters.located > 0 && (
                <span class="places-elsewhere"> · {strings.elsewhere(elsewhere)}</span>
              )}
            </>
          )}
        </p>
        <p id="places-keys" class="visually-hidden">
          {strings.keys}
        </p>
      </section>
      <Results />
    </div>
  );
}
