/** @file What keeps the library from being all it could be: folders that may not be read, another tab, what went wrong. */
import type { JSX } from 'preact';
import type { FolderInfo } from '../../../src/search';
import { Button, ErrorBox } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import { useFolders } from './use-folders';

const strings = searchStrings.library;
const namesOf = (folders: readonly FolderInfo[]) =>
  new Intl.ListFormat('en').format(folders.map(({ name }) => `“${name}”`));

export function Notices(): JSX.Element | null {
  const { library } = useSearch();
  const { choose, reconnect } = useFolders();
  const state = library.state.value;
  const folders = state?.folders ?? [];
  const asked = folders.filter(({ access }) => access === 'ask');
  const lost = folders.filter(({ access }) => access === 'choose');
  return (
    <>
      {state?.readOnly && <p class="notice">{strings.readOnly}</p>}
      {asked.length > 0 && (
        <p class="notice">
          {strings.ask(namesOf(asked))} <Button onClick={() => void reconnect(asked)}>{strings.reconnect}</Button>
        </p>
      )}
      {lost.length > 0 && !state?.readOnly && (
        <p class="notice">
          {strings.choose(namesOf(lost))} <Button onClick={choose}>{strings.chooseAgain}</Button>
        </p>
      )}
      <ErrorBox error={library.error.value} onDismiss={() => library.dismissError()} />
    </>
  );
}
