/** @file The actions of the viewer and the selection, and how they report the result. */
import { fileSave } from 'browser-fs-access';
import type { PhotoItem } from '../../../src/search';
import { errorInWords, toast } from '../../shell';
import { actionStrings } from '../../strings/actions';
import { searchStrings } from '../../strings/search';
import { copyText } from '../parts/copy';
import { useSearch } from '../state';
import { beginCopying } from './copying';
import {
  canOpen,
  chooseTarget,
  copyPicture,
  isCancelled,
  openPicture,
  savePicture,
  shareFiles,
} from './picture-actions';

const strings = actionStrings.actions;

export function useActions() {
  const { library } = useSearch();
  const index = library.open.value?.index;
  /** Runs something and reports the result, above the viewer too. */
  const attempt = async (run: () => Promise<string | null>): Promise<void> => {
    try {
      const done = await run();
      if (done) toast(done);
    } catch (error) {
      if (!isCancelled(error)) toast(errorInWords(error));
    }
  };
  const file = (id: number) => index?.file(id) ?? Promise.reject(new DOMException('No index is open.', 'AbortError'));
  const items = async (ids: readonly number[]): Promise<PhotoItem[]> =>
    ((await index?.items(ids)) ?? []).filter((item) => item !== null);
  const paths = async (ids: readonly number[]) => (await items(ids)).map(({ path }) => path);
  return {
    open: (id: number) =>
      attempt(async () => {
        const original = await file(id);
        if (!canOpen(original)) return strings.cannotOpen;
        openPicture(original);
        return null;
      }),
    copy: (id: number) =>
      attempt(async () => {
        const { width, height, isWhole } = await copyPicture(file(id)).catch((error: unknown) => {
          const isRefused = error instanceof DOMException && error.name === 'NotAllowedError';
          throw isRefused ? new Error(strings.copyFailed, { cause: error }) : error;
        });
        return isWhole ? strings.copied : strings.copiedSmaller(width, height);
      }),
    save: (id: number) =>
      attempt(async () => {
        await savePicture(await file(id));
        return strings.saved;
      }),
    share: (ids: readonly number[]) =>
      attempt(async () => {
        const files = await Promise.all(ids.map(file));
        await shareFiles(files).catch((error: unknown) => {
          throw isCancelled(error) ? error : new Error(strings.shareFailed, { cause: error });
        });
        return null;
      }),
    toFolder: (ids: readonly number[]) =>
      attempt(async () => {
        // The dialog comes first, since it opens only while the click counts.
        const folder = await chooseTarget();
        void beginCopying({ folder, items: await items(ids), file, tooShort: actionStrings.copying.tooShort });
        return null;
      }),
    copyPaths: (ids: readonly number[]) =>
      attempt(async () => {
        const all = await paths(ids);
        await copyText(all.join('\n'), searchStrings.selection.copied(all.length));
        return null;
      }),
    savePaths: (ids: readonly number[]) =>
      attempt(async () => {
        const text = paths(ids).then((all) => new Blob([`${all.join('\n')}\n`], { type: 'text/plain' }));
        await fileSave(text, {
          ...{ fileName: strings.pathsFile, extensions: ['.txt'], description: strings.pathsKind },
        });
        return strings.saved;
      }),
  };
}
