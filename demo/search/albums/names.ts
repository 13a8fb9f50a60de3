/** @file Names of albums. */
import { FAVOURITES, type Album } from '../../../src/search';
import { actionStrings } from '../../strings/actions';

/** The displayed name. */
export function nameOf({ id, name }: Pick<Album, 'id' | 'name'>): string {
  return id === FAVOURITES ? actionStrings.favourites : name;
}
