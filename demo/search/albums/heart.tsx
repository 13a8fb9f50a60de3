/** @file The heart of a picture: filled if it is a favourite. */
import type { JSX } from 'preact';
import { Icon } from '../../shell';
import { actionStrings } from '../../strings/actions';
import { useSearch } from '../state';

const strings = actionStrings.heart;
/** Made once: it is the same on every picture. */
const HEART = <Icon name="heart" />;

export interface HeartProps {
  id: number;
  /** Of the picture. */
  name: string;
  class: string;
  /** @default reached by Tab */
  tabIndex?: number;
}

/** Renders nothing if favourites cannot be changed. */
export function Heart({ id, name, tabIndex, ...props }: HeartProps): JSX.Element | null {
  const { albums, library } = useSearch();
  if (library.state.value?.readOnly) return null;
  const isFavourite = albums.favourites.value.has(id);
  const label = isFavourite ? strings.remove(name) : strings.add(name);
  return (
    <button
      type="button"
      class={`heart ${props.class}`}
      tabIndex={tabIndex}
      title={label}
      aria-label={strings.add(name)}
      aria-pressed={isFavourite}
      onClick={() => void albums.toggleFavourites([id])}
    >
      {HEART}
    </button>
  );
}
