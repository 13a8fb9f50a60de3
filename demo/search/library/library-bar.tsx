/** @file The library at a glance: how many pictures, from which folders, and what can be done with them. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import type { FolderInfo } from '../../../src/search';
import { Button, Dialog } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
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
    </section>
  );
}

function Folder({ folder, fixed }: { folder: FolderInfo; fixed: boolean }): JSX.Element {
  const { library } = useSearch();
  const { choose, reconnect } = useFolders();
  const asking = useSignal(false);
  const { id, name, indexed, found, access } = folder;
  return (
    <li>
      <span class="folder-name">{name}</span>
      <span class="quiet">{strings.folder(indexed, found)}</span>
      {access === 'ask' && <Button onClick={() => void reconnect([folder])}>{strings.reconnect}</Button>}
      {access === 'choose' && !fixed && <Button onClick={choose}>{strings.chooseAgain}</Button>}
      {!fixed && <Button onClick={() => (asking.value = true)}>{strings.remove}</Button>}
      <Dialog title={strings.removeTitle(name)} open={asking.value} onClose={() => (asking.value = false)}>
        <p>{strings.removeText(indexed)}</p>
        <p class="dialog-actions">
          <Button
            kind="danger"
            onClick={() => {
              asking.value = false;
              void library.with((index) => index.removeFolder(id));
            }}
          >
            {strings.remove}
          </Button>
          <Button onClick={() => (asking.value = false)}>{searchStrings.menu.keep}</Button>
        </p>
      </Dialog>
    </li>
  );
}
