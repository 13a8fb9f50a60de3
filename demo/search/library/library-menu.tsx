/** @file The library behind one button: its folders, unreadable files, and actions on the index. */
import type { JSX } from 'preact';
import type { FolderInfo } from '../../../src/search';
import { Button } from '../../shell';
import { searchStrings } from '../../strings/search';
import { Popover } from '../parts/popover';
import { Privacy } from '../privacy';
import { useSearch } from '../state';
import { FolderChooser } from './folder-chooser';
import { ForgetFolder } from './forget-folder';
import { IndexActions } from './index-menu';
import { Problems } from './problems';
import { useFolders } from './use-folders';

const strings = searchStrings.library;

export function LibraryMenu(): JSX.Element {
  const { library } = useSearch();
  const state = library.state.value;
  const { choose } = useFolders();
  const { indexed, folders, phase, readOnly, problems } = state ?? NONE;
  return (
    <Popover
      class="folders"
      icon="folder"
      label={state ? searchStrings.pictures(indexed) : strings.label}
      title={state ? strings.summary(indexed, folders.length) : strings.label}
      marked={problems > 0}
    >
      <FolderChooser />
      <ul class="folder-list" aria-label={strings.folders}>
        {folders.map((folder) => (
          <Folder key={folder.id} folder={folder} fixed={readOnly} />
        ))}
      </ul>
      <Problems />
      {state && !readOnly && (
        <>
          <p class="panel-actions">
            <Button icon="add" onClick={choose}>
              {strings.add}
            </Button>
            {phase === 'idle' && folders.length > 0 && (
              <Button icon="reset" onClick={() => void library.with((index) => index.start())}>
                {strings.check}
              </Button>
            )}
          </p>
          <IndexActions />
        </>
      )}
      <Privacy />
    </Popover>
  );
}

const NONE = { indexed: 0, folders: [], phase: 'idle', readOnly: true, problems: 0 } as const;

function Folder({ folder, fixed }: { folder: FolderInfo; fixed: boolean }): JSX.Element {
  const { choose, reconnect } = useFolders();
  const { name, indexed, found, access } = folder;
  return (
    <li>
      <span class="folder-name">{name}</span>
      <span class="quiet">{strings.folder(indexed, found)}</span>
      {access === 'ask' && <Button onClick={() => void reconnect([folder])}>{strings.reconnect}</Button>}
      {access === 'choose' && !fixed && <Button onClick={choose}>{strings.chooseAgain}</Button>}
      {!fixed && <ForgetFolder folder={folder}>{strings.remove}</ForgetFolder>}
    </li>
  );
}
