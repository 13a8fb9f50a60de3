/** @file The page before there are pictures: how to add some, and what happens to them then. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { listPhotoIndexes, type FolderFile, type StoredPhotoIndex } from '../../../src/search';
import { Cards } from '../../cards/cards';
import { Button } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import { useIndexWork } from './index-menu';
import { Notices } from './notices';
import { useCardActions } from '../before/card-actions';
import { useFolders } from './use-folders';

const strings = searchStrings.welcome;

/** The pictures that come with the site, as a folder. */
async function fetchSamples(): Promise<FolderFile[]> {
  const get = async (path: string) => {
    const response = await fetch(new URL(`samples/${path}`, document.baseURI));
    if (!response.ok) throw new Error(strings.samplesFailed(response.status));
    return response;
  };
  const list = (await (await get('samples.json')).json()) as { file: string }[];
  return Promise.all(
    list.map(async ({ file }) => {
      const blob = await (await get(file)).blob();
      // Always the same time, so that known samples are not indexed again.
      return { path: file, file: new File([blob], file, { type: blob.type, lastModified: Date.UTC(2026, 0, 1) }) };
    }),
  );
}

/** What other models have indexed: with this one it has to be computed again. */
function useOthers(): StoredPhotoIndex[] {
  const open = useSearch().library.open.value;
  const [others, setOthers] = useState<StoredPhotoIndex[]>([]);
  useEffect(() => {
    let current = true;
    setOthers([]);
    listPhotoIndexes().then(
      (all) => current && setOthers(all.filter(({ modelId, pictures }) => modelId !== open?.modelId && pictures > 0)),
      () => undefined,
    );
    return () => void (current = false);
  }, [open]);
  return open ? others : [];
}

export function Welcome(): JSX.Element {
  const { library, measuring } = useSearch();
  const cardActions = useCardActions();
  const others = useOthers();
  const { choose } = useFolders();
  const work = useIndexWork();
  const isOpen = library.open.value !== null;
  const isWaiting = library.waiting.value.length > 0;
  return (
    <>
      <section class="welcome" aria-labelledby="welcome-title">
        <h2 id="welcome-title">{strings.heading}</h2>
        <p>{strings.how}</p>
        {others.length > 0 && (
          <p class="notice" id="other-indexes">
            {strings.others(
              others.map(({ modelName, modelId, pictures }) => strings.other(modelName ?? modelId, pictures)),
            )}
          </p>
        )}
        <p class="welcome-actions">
          <Button kind="main" disabled={isWaiting} onClick={choose}>
            {strings.choose}
          </Button>
          <Button
            disabled={isWaiting}
            onClick={() =>
              void library.attempt(async () =>
                library.add([{ name: strings.samplesFolder, files: await fetchSamples() }]),
              )
            }
          >
            {strings.samples}
          </Button>
          <Button disabled={!isOpen} onClick={() => void work.importIndex()}>
            {strings.import}
          </Button>
        </p>
        <p class={isWaiting ? '' : 'quiet'} role="status">
          {isWaiting ? strings.waiting : strings.drop}
        </p>
        <Notices />
      </section>
      <Cards measuring={measuring} actions={cardActions} />
    </>
  );
}
