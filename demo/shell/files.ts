/** @file Files from drag and drop, from the clipboard, and from a file dialog. The whole page is a target. */
import { signal } from '@preact/signals';

export type FileOrigin = 'chosen' | 'pasted' | 'dropped';

/** Whether something is being dragged over the page. */
export const isDragging = signal(false);

/**
 * Listens for files dropped anywhere (a file dropped outside a field must not replace the page) and pasted. Text that
 * is pasted or dropped goes where it normally would.
 * @param onData gets the drag's own data, for callers that want folders
 * @returns stops listening
 */
export function watchFiles(onFiles: (files: File[], origin: FileOrigin, data: DataTransfer) => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  let depth = 0;
  const over = (change: number) => {
    depth = Math.max(0, depth + change);
    isDragging.value = depth > 0;
  };
  document.addEventListener('dragenter', (event) => carriesFiles(event) && over(1), { signal });
  document.addEventListener('dragleave', (event) => carriesFiles(event) && over(-1), { signal });
  document.addEventListener('dragover', (event) => carriesFiles(event) && event.preventDefault(), { signal });
  document.addEventListener(
    'drop',
    (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      over(-depth);
      onFiles([...event.dataTransfer!.files], 'dropped', event.dataTransfer!);
    },
    { signal },
  );
  document.addEventListener(
    'paste',
    (event) => {
      const data = event.clipboardData;
      if (!data?.files.length) return;
      event.preventDefault();
      onFiles([...data.files], 'pasted', data);
    },
    { signal },
  );
  return () => stop.abort();
}
