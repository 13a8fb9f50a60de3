/** @file The pictures that could not be read, each with its reason. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { PhotoProblem } from '../../../src/search';
import { Button, Dialog } from '../../shell';
import { searchStrings } from '../../strings/search';
import { copyText } from '../parts/copy';
import { useSearch } from '../state';

const strings = searchStrings.problems;
/** More would make the dialog slow, and nobody reads them. */
const SHOWN = 500;

export function Problems(): JSX.Element | null {
  const { library } = useSearch();
  const open = useSignal(false);
  const list = useSignal<readonly PhotoProblem[]>([]);
  const count = library.state.value?.problems ?? 0;
  const index = library.open.value?.index;
  useEffect(() => {
    if (!open.value) return;
    let current = true;
    void index?.problems().then(
      (problems) => current && (list.value = problems),
      () => undefined,
    );
    return () => void (current = false);
  }, [index, open.value, count]);
  if (count === 0) return null;
  return (
    <>
      <button type="button" class="link problems-link" onClick={() => (open.value = true)}>
        {strings.open(count)}
      </button>
      <Dialog title={strings.title} open={open.value} onClose={() => (open.value = false)}>
        <p class="quiet">{strings.text}</p>
        <ul class="problems">
          {list.value.slice(0, SHOWN).map(({ id, path, kind, reason }) => (
            <li key={id}>
              <span class="problem-path">{path}</span>
              <span class="problem-kind">{strings.kinds[kind]}</span>
              <span class="quiet">{reason}</span>
            </li>
          ))}
        </ul>
        {list.value.length > SHOWN && <p class="quiet">{strings.more(list.value.length - SHOWN)}</p>}
        <p class="dialog-actions">
          {!library.state.value?.readOnly && (
            <Button
              onClick={() => {
                open.value = false;
                void library.with(async (index) => {
                  await index.retry();
                  await index.start();
                });
              }}
            >
              {strings.retry}
            </Button>
          )}
          <Button
            icon="copy"
            onClick={() =>
              void copyText(
                list.value.map(({ path, kind, reason }) => `${path}\t${kind}\t${reason}`).join('\n'),
                searchStrings.selection.copied(list.value.length),
              )
            }
          >
            {strings.copy}
          </Button>
        </p>
      </Dialog>
    </>
  );
}
