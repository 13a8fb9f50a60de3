/** @file Filters by date, camera and folder; they go together with whatever is looked for. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Button, Select } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import { toFilter, type FilterForm } from './form';

const strings = searchStrings.filters;
/** Dates are typed part by part. */
const TYPING = 400;

const dateOf = (time: number) => new Date(time).toISOString().slice(0, 10);

export function Filters(): JSX.Element | null {
  const { finder, library, facets } = useSearch();
  const open = library.open.value;
  const revision = library.state.value?.contentRevision;
  useEffect(() => {
    let current = true;
    const look = () =>
      void open?.index.facets().then(
        (found) => current && (facets.value = found),
        () => undefined,
      );
    // While pictures are indexed this would change several times a second.
    const timer = setTimeout(look, facets.value ? 1500 : 0);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [open, revision]);

  const { filter } = finder.form.value;
  // On a phone they are folded away: pictures come first.
  const wide = useMatch('(min-width: 621px)');
  const { cameras = [], folders = [], taken = null } = facets.value ?? {};
  const set = (part: Partial<FilterForm>, pause = 0) => finder.change({ filter: { ...filter, ...part } }, pause);
  const range = taken ? { min: dateOf(taken.from), max: dateOf(taken.to) } : {};
  return (
    <details class="filters-fold" open={wide || toFilter(filter) !== undefined}>
      <summary>{strings.label}</summary>
      <fieldset class="filters">
        <legend class="visually-hidden">{strings.label}</legend>
        <label>
          <span>{strings.from}</span>
          <input
            type="date"
            {...range}
            value={filter.from}
            onInput={(event) => set({ from: event.currentTarget.value }, TYPING)}
          />
        </label>
        <label>
          <span>{strings.to}</span>
          <input
            type="date"
            {...range}
            value={filter.to}
            onInput={(event) => set({ to: event.currentTarget.value }, TYPING)}
          />
        </label>
        <Filter
          label={strings.camera}
          value={filter.camera}
          options={cameras.map(({ name, count }) => ({ value: name, label: strings.option(name, count) }))}
          onChange={(camera) => set({ camera })}
        />
        <Filter
          label={strings.folder}
          value={filter.folder}
          options={folders.map(({ path, count }) => ({ value: path, label: strings.option(path, count) }))}
          onChange={(folder) => set({ folder })}
        />
        {(filter.from || filter.to) && <span class="quiet">{strings.undated}</span>}
        {toFilter(filter) && <Button onClick={() => finder.clearFilter()}>{strings.clear}</Button>}
      </fieldset>
    </details>
  );
}

/** Whether a media query matches, now and as the window changes. */
function useMatch(query: string): boolean {
  const media = useMemo(() => matchMedia(query), [query]);
  const [matches, setMatches] = useState(media.matches);
  useEffect(() => {
    const look = () => setMatches(media.matches);
    media.addEventListener('change', look);
    return () => media.removeEventListener('change', look);
  }, [media]);
  return matches;
}

interface FilterProps {
  label: string;
  value: string;
  options: { value: string; label: string }[];
  onChange: (value: string) => void;
}

/** One value of many, or any; nothing where there is nothing to choose. */
function Filter({ label, value, options, onChange }: FilterProps): JSX.Element | null {
  if (options.length === 0 && !value) return null;
  const gone = value !== '' && !options.some((option) => option.value === value) ? [{ value, label: value }] : [];
  const any = { value: '', label: strings.any };
  return <Select label={label} value={value} options={[any, ...gone, ...options]} onChange={onChange} />;
}
