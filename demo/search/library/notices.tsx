/** @file Problems of the library: folders that may not be read, another tab, errors. */
import type { JSX } from 'preact';
import type { FolderInfo } from '../../../src/search';
import { Button, ErrorBox } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import { ForgetFolder } from './forget-folder';
import { useFolders } from './use-folders';

const strings = searchStrings.library;
const namesOf = (folders: readonly FolderInfo[]) =>
  new Intl.ListFormat('en').format(folders.map(({ name }) => `“${name}”`));

export function Notices(): JSX.Element | null {
  const { library } = useSearch();
  const { choose, reconnect } = useFolders();
  const state = library.state.value;
  const folders = state?.folders ?? [];
  const asked = folders.filter(({ access, problem }) => access === 'ask' || problem?.kind === 'refused');
  const lost = folders.filter(({ access, problem }) => access === 'choose' && !problem);
  const older = folders.reduce((sum, { access, older }) => sum + (access === 'ready' ? older : 0), 0);
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
      {older > 0 && state?.phase === 'idle' && !state.readOnly && (
        <p class="notice">
          {strings.older(older)}{' '}
          <Button onClick={() => void library.with((index) => index.start())}>{strings.readOlder}</Button>
        </p>
      )}
      {folders.map((folder) => (
        <Vanished key={folder.id} folder={folder} fixed={state!.readOnly} />
      ))}
      <ErrorBox error={library.error.value} onDismiss={() => library.dismissError()} />
    </>
  );
}

/** A folder that could not be scanned. Its pictures are kept until the user decides otherwise. */
function Vanished({ folder, fixed }: { folder: FolderInfo; fixed: boolean }): JSX.Element | null {
  const { library } = useSearch();
  const { choose } = useFolders();
  const { name, indexed, problem } = folder;
  if (!problem || problem.kind === 'refused') return null;
  return (
    <div class="notice" role="status">
      <p>{strings.vanished[problem.kind](problem.kind === 'partial' ? problem.path : name, indexed)}</p>
      {!fixed && (
        <>
          <Button onClick={() => void library.with((index) => index.start())}>{strings.lookAgain}</Button>
          {problem.kind !== 'partial' && (
            <>
              <Button onClick={choose}>{strings.chooseAgain}</Button>
              <ForgetFolder folder={folder}>{strings.forgetPictures}</ForgetFolder>
            </>
          )}
        </>
      )}
    </div>
  );
}
