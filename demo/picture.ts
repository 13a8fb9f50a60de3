/** @file Where a picture comes from: file dialog, paste, drag and drop, samples; and its preview. */

export interface Picture {
  blob: Blob;
  /** The file's name, or a sample's title. */
  name: string;
  /** What it shows, where that is known. */
  alt: string;
}

export interface PictureElements {
  drop: HTMLElement;
  input: HTMLInputElement;
  image: HTMLImageElement;
  hint: HTMLElement;
  name: HTMLElement;
}

/** Listens to every way in. `onPicture` gets pictures, `onRefused` why something is none. */
export function watchPictures(
  { drop, input }: PictureElements,
  onPicture: (picture: Picture) => void,
  onRefused: (reason: string) => void,
): void {
  const take = (files: Iterable<File>, whence: string) => {
    const all = [...files];
    const file = all.find(({ type }) => type.startsWith('image/'));
    if (file) onPicture({ blob: file, name: file.name, alt: 'The chosen picture' });
    else onRefused(all[0] ? `“${all[0].name}” is not a picture.` : `There was no picture in what you ${whence}.`);
  };

  input.addEventListener('change', () => {
    if (input.files?.length) take(input.files, 'chose');
    input.value = ''; // so that the same file can be chosen again
  });

  document.addEventListener('paste', (event) => {
    const files = event.clipboardData?.files;
    if (!files?.length) return; // text for the captions
    event.preventDefault();
    take(files, 'pasted');
  });

  // The whole page is a target: a picture that misses the frame must not replace the page.
  let depth = 0;
  const over = (change: number) => {
    depth = Math.max(0, depth + change);
    drop.classList.toggle('over', depth > 0);
  };
  document.addEventListener('dragenter', () => over(1));
  document.addEventListener('dragleave', () => over(-1));
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    over(-depth);
    take(event.dataTransfer?.files ?? [], 'dropped');
  });
}

/** Shows the picture. Names come from outside and are set as text. */
export function showPicture({ drop, image, hint, name }: PictureElements, picture: Picture): void {
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(picture.blob);
  image.alt = picture.alt;
  image.hidden = false;
  hint.hidden = true;
  drop.classList.add('with-picture');
  name.textContent = picture.name;
  name.title = picture.name;
}
