/** @file What is filtered now, each with a cross that takes it away: filters are seen where they act, not where they are set. */
import type { JSX } from 'preact';
import { daysFilter } from '../../../src/search';
import { actionStrings } from '../../strings/actions';
import { searchStrings } from '../../strings/search';
import { nameOf } from '../albums/names';
import { Chip } from '../parts/chip';
import { useSearch } from '../state';
import type { FilterForm } from './form';

const strings = searchStrings.filters;

export function FilterChips(): JSX.Element | null {
  const { finder, albums } = useSearch();
  const { filter } = finder.form.value;
  const album = albums.all.value.find(({ id }) => id === filter.album);
  const chips = chipsOf(filter, album && nameOf(album));
  if (chips.length === 0) return null;
  return (
    <ul class="chips" aria-label={strings.active}>
      {chips.map(({ text, without }) => (
        <Chip
          key={text}
          remove={strings.remove(text)}
          onRemove={() => finder.change({ filter: { ...finder.form.value.filter, ...without } })}
        >
          {text}
        </Chip>
      ))}
    </ul>
  );
}

/** Each filter in words, and what the form is without it. */
export function chipsOf(
  { from, to, camera, folder, album }: FilterForm,
  albumName: string | undefined,
): { text: string; without: Partial<FilterForm> }[] {
  const days = daysFilter(from, to);
  const chips = [];
  if (days.from !== undefined || days.to !== undefined)
    chips.push({ text: strings.between(days.from ?? null, days.to ?? null), without: { from: '', to: '' } });
  if (camera) chips.push({ text: camera, without: { camera: '' } });
  if (folder) chips.push({ text: strings.inFolder(folder), without: { folder: '' } });
  if (album !== null && albumName !== undefined)
    chips.push({ text: actionStrings.albums.chip(albumName), without: { album: null } });
  return chips;
}
