/** @file The map of the library: computed on demand, then shown. Its code is loaded when it is first looked at. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { PhotoItem, PhotoMap } from '../../../src/search';
import { Button, ErrorBox, latest, Progress } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import { Plot } from './plot';

const strings = searchStrings.map;
/** Fewer pictures form no shape. */
const LEAST = 3;

interface Laid {
  map: PhotoMap;
  items: (PhotoItem | null)[];
}

export default function MapView(): JSX.Element {
  const { library } = useSearch();
  const index = library.open.value?.index;
  const state = library.state.value;
  const laid = useSignal<Laid | null>(null);
  const share = useSignal<number | null>(null);
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const lay = useMemo(
    () =>
      latest(
        async (signal) => {
          if (!index) return;
          busy.value = true;
          error.value = null;
          share.value = null;
          const map = await index.map({ signal, onProgress: (done) => (share.value = done) });
          const items = await index.items(map.ids);
          signal.throwIfAborted();
          laid.value = { map, items };
          busy.value = false;
        },
        (reason) => {
          busy.value = false;
          error.value = reason;
        },
      ),
    [index],
  );
  const enough = (state?.indexed ?? 0) >= LEAST;
  useEffect(() => {
    laid.value = null;
    if (enough) void lay();
  }, [lay, enough]);
  if (!enough) return <p class="empty">{strings.few}</p>;
  const outdated = laid.value !== null && !busy.value && laid.value.map.revision !== state?.contentRevision;
  return (
    <section class="map" aria-label={searchStrings.views.map} aria-busy={busy.value}>
      <ErrorBox error={error.value} action={{ label: strings.again, run: () => void lay() }} />
      <p class="busy" role="status">
        {busy.value ? strings.computing : ''}
      </p>
      {busy.value && <Progress label={strings.computing} share={share.value} />}
      {outdated && (
        <p class="notice">
          {strings.outdated} <Button onClick={() => void lay()}>{strings.again}</Button>
        </p>
      )}
      {state?.deep && <p class="quiet">{searchStrings.deep.firstOnly}</p>}
      {laid.value && <Plot key={laid.value.map.revision} map={laid.value.map} items={laid.value.items} />}
    </section>
  );
}
