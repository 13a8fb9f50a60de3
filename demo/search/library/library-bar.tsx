/** @file The library at a glance: how many pictures, from which folders, and what can be done with them. */
import type { ComponentChildren, JSX } from 'preact';
import type { FolderInfo } from '../../../src/search';
import { Button } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import { DeepRun } from '../deep/deep-run';
import { ForgetFolder } from './forget-folder';
import { IndexMenu } from './index-menu';
import { Notices } from './notices';
import { Problems } from './problems';
import { Run } from './run';
import { useFolders } from './use-folders';

const strings = searchStrings.library;

/** @param props.children further facts, in the same line */
export function LibraryBar({ children }: { children: ComponentChildren }): JSX.Element | null {
  const { library } = useSearch();
  const state = library.state.value;
  const { choose } = useFolders();
  if (!state) return null;
  const { indexed, folders, phase, readOnly } = state;
  return (
    <section class="library" aria-label={strings.label}>
      <div class="facts">
        <details class="folders">
          <summary>{strings.summary(indexed, folders.length)}</summary>
          <ul aria-label={strings.folders}>
            {folders.map((folder) => (
              <Folder key={folder.id} folder={folder} fixed={readOnly} />
            ))}
          </ul>
        </details>
        {children}
        <Problems />
        {!readOnly && (
          <div class="library-actions">
            <Button icon="add" onClick={choose}>
              {strings.add}
            </Button>
            {phase === 'idle' && folders.length > 0 && (
              <Button icon="reset" onClick={() => void library.with((index) => index.start())}>
                {strings.check}
              </Button>
            )}
            <IndexMenu />
          </div>
        )}
      </div>
      <Notices />
      <Run />
      <DeepRun />
    </section>
  );
}

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
