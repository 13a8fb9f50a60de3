/** @file Filters by date and camera; they apply in addition to any query. */
import type { JSX } from 'preact';
import { Button, Select } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import { toFilter, type FilterForm } from './form';

const strings = searchStrings.filters;
/** Dates are typed part by part. */
const TYPING = 400;

const dateOf = (time: number) => new Date(time).toISOString().slice(0, 10);

export function Filters(): JSX.Element {
  const { finder, facets } = useSearch();
  const { filter } = finder.form.value;
  const { cameras = [], taken = null } = facets.value ?? {};
  const set = (part: Partial<FilterForm>, pause = 0) => finder.change({ filter: { ...filter, ...part } }, pause);
  const range = taken ? { min: dateOf(taken.from), max: dateOf(taken.to) } : {};
  return (
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
      {(filter.from || filter.to) && <span class="quiet">{strings.undated}</span>}
      {toFilter(filter) && <Button onClick={() => finder.clearFilter()}>{strings.clear}</Button>}
    </fieldset>
  );
}

interface FilterProps {
  label: string;
  value: string;
  options: { value: string; label: string }[];
  onChange: (value: string) => void;
}

/** One value of many, or any; renders nothing if there is no choice. */
function Filter({ label, value, options, onChange }: FilterProps): JSX.Element | null {
  if (options.length === 0 && !value) return null;
  const gone = value !== '' && !options.some((option) => option.value === value) ? [{ value, label: value }] : [];
  const any = { value: '', label: strings.any };
  return <Select label={label} value={value} options={[any, ...gone, ...options]} onChange={onChange} />;
}
