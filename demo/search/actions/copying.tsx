/** @file The progress of copying files, and its result. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { Button, Dialog, errorInWords, Progress } from '../../shell';
import { actionStrings } from '../../strings/actions';
import { copyFiles, type CopyFilesOptions, type CopyReport } from './copy-files';

const strings = actionStrings.copying;
/** Failures that are listed; the others are counted. */
const LISTED = 50;

interface Copying {
  folder: string;
  total: number;
  done: number;
  /** Null while it is in progress. */
  report: CopyReport | null;
  stop: () => void;
}

const copying = signal<Copying | null>(null);

/** Shows the dialog, and resolves when the copying has ended. */
export async function beginCopying(options: Omit<CopyFilesOptions, 'signal' | 'onProgress'>): Promise<void> {
  const controller = new AbortController();
  const { folder, items } = options;
  const set = (part: Partial<Copying>) => (copying.value = copying.value && { ...copying.value, ...part });
  copying.value = { folder: folder.name, total: items.length, done: 0, report: null, stop: () => controller.abort() };
  const leaving = (event: Event) => event.preventDefault();
  addEventListener('beforeunload', leaving);
  try {
    const report = await copyFiles({ ...options, signal: controller.signal, onProgress: (done) => set({ done }) });
    set({ report });
  } finally {
    removeEventListener('beforeunload', leaving);
  }
}

/** Rendered once in the page. */
export function CopyingDialog(): JSX.Element {
  const now = copying.value;
  const { report } = now ?? {};
  const title = !report ? strings.title : report.ended ? strings.stoppedTitle : strings.doneTitle;
  return (
    <Dialog
      title={title}
      open={now !== null}
      onClose={() => {
        if (now && !now.report) now.stop();
        copying.value = null;
      }}
    >
      {now && (report ? <Outcome folder={now.folder} report={report} /> : <Going copying={now} />)}
    </Dialog>
  );
}

function Going({ copying: { done, total, stop } }: { copying: Copying }): JSX.Element {
  return (
    <div class="copying">
      <p role="status">{strings.progress(done, total)}</p>
      <Progress label={strings.title} share={total === 0 ? null : done / total} />
      <p class="dialog-actions">
        <Button onClick={stop}>{strings.stop}</Button>
      </p>
    </div>
  );
}

function Outcome({ folder, report }: { folder: string; report: CopyReport }): JSX.Element {
  const { copied, renamed, present, failed, left, ended } = report;
  const why = ended === 'full' || ended === 'refused' || ended === 'gone' ? strings[ended] : '';
  const lines = [
    why,
    strings.copied(copied, folder),
    present > 0 ? strings.present(present) : '',
    renamed > 0 ? strings.renamed(renamed) : '',
    left > 0 ? strings.left(left) : '',
  ];
  return (
    <div class="copying">
      <div role="status">
        {lines.filter(Boolean).map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
      {failed.length > 0 && (
        <>
          <p>{strings.failed(failed.length)}</p>
          <ul class="problems">
            {failed.slice(0, LISTED).map(({ path, error }) => (
              <li key={path}>
                <span class="problem-path">{path}</span>
                <span class="quiet">{errorInWords(error)}</span>
              </li>
            ))}
          </ul>
          {failed.length > LISTED && <p>{strings.more(failed.length - LISTED)}</p>}
        </>
      )}
      <p class="dialog-actions">
        <Button kind="main" onClick={() => (copying.value = null)}>
          {strings.close}
        </Button>
      </p>
    </div>
  );
}
