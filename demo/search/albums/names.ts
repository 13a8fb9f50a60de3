/** @file What albums are called. */
import { FAVOURITES, type Album } from '../../../src/search';
import { actionStrings } from '../../strings/actions';

/** As people read it. */
export function nameOf({ id, name }: Pick<Album, 'id' | 'name'>): string {
  return id === FAVOURITES ? actionStrings.favourites : name;
}
