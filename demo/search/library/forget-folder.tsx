/** @file Forgetting a folder: everything computed from its pictures is deleted, so it asks first. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { FolderInfo } from '../../../src/search';
import { Button, Dialog } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';

const strings = searchStrings.library;

export function ForgetFolder({ folder, children }: { folder: FolderInfo; children: string }): JSX.Element {
  const { library } = useSearch();
  const asking = useSignal(false);
  const close = () => (asking.value = false);
  return (
    <>
      <Button onClick={() => (asking.value = true)}>{children}</Button>
      <Dialog title={strings.removeTitle(folder.name)} open={asking.value} onClose={close}>
        <p>{strings.removeText(folder.indexed)}</p>
        <p class="dialog-actions">
          <Button
            kind="danger"
            onClick={() => {
              close();
              void library.with((index) => index.removeFolder(folder.id));
            }}
          >
            {strings.remove}
          </Button>
          <Button onClick={close}>{searchStrings.menu.keep}</Button>
        </p>
      </Dialog>
    </>
  );
}
