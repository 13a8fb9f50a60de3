/** @file Actions on the whole index: export, import, delete. Those that cannot be undone ask first. */
import { useSignal } from '@preact/signals';
import { fileOpen, fileSave } from 'browser-fs-access';
import type { JSX } from 'preact';
import type { PhotoIndex } from '../../../src/search';
import { bytesInWords, Button, Dialog, Progress, toast } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';

const strings = searchStrings.menu;
type Work = keyof typeof strings.working;

const INDEX_FILE = { fileName: strings.indexFile, extensions: ['.vlm2vec-index'], description: strings.indexKind };
const PARQUET_FILE = { fileName: strings.parquetFile, extensions: ['.parquet'], description: strings.parquetKind };

/** The actions of the menu, also used by the welcome page. */
export function useIndexWork() {
  const { library } = useSearch();
  const working = useSignal<Work | null>(null);
  const run = async (work: Work, what: (index: PhotoIndex) => Promise<string>) => {
    working.value = work;
    const done = await library.with(what);
    working.value = null;
    if (done !== null) toast(done);
  };
  const save = (work: Work, make: (index: PhotoIndex, signal: AbortSignal) => Promise<Blob>, file: typeof INDEX_FILE) =>
    run(work, async (index) => {
      // The dialog must open while the click still counts, so before there is anything to save.
      const abort = new AbortController();
      const made = make(index, abort.signal);
      try {
        await fileSave(made, file);
      } catch (error) {
        abort.abort();
        await made.catch(() => undefined);
        throw error;
      }
      return strings.exported(bytesInWords((await made).size));
    });
  return {
    working,
    exportIndex: () => save('export', (index, signal) => index.export({ signal }), INDEX_FILE),
    exportParquet: () => save('parquet', (index, signal) => index.exportParquet({ signal }), PARQUET_FILE),
    importIndex: () =>
      library.with(async () => {
        const file = await fileOpen({ extensions: INDEX_FILE.extensions, description: INDEX_FILE.description });
        await run('import', async (index) => {
          await index.import(file);
          return strings.imported(index.state.indexed);
        });
      }),
    clear: () =>
      run('clear', async (index) => {
        await index.clear();
        return strings.cleared;
      }),
  };
}

export function IndexActions(): JSX.Element {
  const { library } = useSearch();
  const work = useIndexWork();
  const asking = useSignal<'import' | 'clear' | null>(null);
  const indexed = library.state.value?.indexed ?? 0;
  const item = (label: string, hint: string, run: () => void, danger = false) => (
    <li>
      <button type="button" class={danger ? 'danger' : ''} onClick={run}>
        <span>{label}</span>
        <span class="quiet">{hint}</span>
      </button>
    </li>
  );
  const busy = work.working.value;
  return (
    <>
      <ul class="index-actions" aria-label={strings.label}>
        {item(strings.export, strings.exportHint, () => void work.exportIndex())}
        {item(strings.parquet, strings.parquetHint, () => void work.exportParquet())}
        {item(strings.import, strings.importHint, () => (asking.value = 'import'))}
        {item(strings.clear, strings.clearHint, () => (asking.value = 'clear'), true)}
      </ul>
      {busy && (
        <div class="working" role="status">
          <span>{strings.working[busy]}</span>
          <Progress label={strings.working[busy]} share={null} />
        </div>
      )}
      <Ask
        open={asking.value === 'import'}
        title={strings.importTitle}
        text={strings.importText(indexed)}
        confirm={strings.importConfirm}
        onAnswer={(yes) => {
          asking.value = null;
          if (yes) void work.importIndex();
        }}
      />
      <Ask
        open={asking.value === 'clear'}
        title={strings.clearTitle}
        text={strings.clearText(indexed)}
        confirm={strings.clearConfirm}
        onAnswer={(yes) => {
          asking.value = null;
          if (yes) void work.clear();
        }}
      />
    </>
  );
}

interface AskProps {
  open: boolean;
  title: string;
  text: string;
  confirm: string;
  onAnswer: (yes: boolean) => void;
}

function Ask({ open, title, text, confirm, onAnswer }: AskProps): JSX.Element {
  return (
    <Dialog title={title} open={open} onClose={() => onAnswer(false)}>
      <p>{text}</p>
      <p class="dialog-actions">
        <Button kind="danger" onClick={() => onAnswer(true)}>
          {confirm}
        </Button>
        <Button onClick={() => onAnswer(false)}>{strings.keep}</Button>
      </p>
    </Dialog>
  );
}
