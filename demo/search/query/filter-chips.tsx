/**
 * @file The current filters, each with a cross that removes it, shown where they act rather than where they are set.
 */
import type { JSX } from 'preact';
import { daysFilter } from '../../../src/search';
import { actionStrings } from '../../strings/actions';
import { placeStrings } from '../../strings/places';
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
  const { text, asWords = [] } = finder.form.value;
  const recognised = (text.trim() && finder.found.value?.understood?.recognised) || [];
  if (chips.length + recognised.length === 0) return null;
  return (
    <ul class="chips" aria-label={strings.active}>
      {recognised.map(({ text: words, meaning }) => (
        <Chip
          key={`typed ${words}`}
          title={meaning}
          remove={searchStrings.why.asWords(words)}
          onRemove={() => finder.change({ asWords: [...asWords, words] })}
        >
          {words}
        </Chip>
      ))}
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

/** Each filter in words, and the form without it. */
export function chipsOf(
  { from, to, camera, folder, album, area, areaName }: FilterForm,
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
  if (area) chips.push({ text: placeStrings.chip(areaName), without: { area: '', areaName: '' } });
  return chips;
}
