/** @file Adds folders, and asks again for those that the browser no longer lets the page read. */
import type { FolderInfo } from '../../../src/search';
import { toast } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import { chooseFolder } from './sources';

export function useFolders() {
  const { library } = useSearch();
  return {
    /** Call it from a click. */
    choose: () =>
      void library.attempt(async () => {
        const source = await chooseFolder();
        if (source) await library.add([source]);
      }),
    /** Call it from a click. */
    reconnect: (folders: readonly FolderInfo[]) =>
      library.with(async (index) => {
        for (const { id } of folders) {
          if (!(await index.reconnect(id))) toast(searchStrings.library.denied);
        }
        await index.start();
      }),
  };
}
