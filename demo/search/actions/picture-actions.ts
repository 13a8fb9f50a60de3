/** @file Sends one picture, or a few, to the clipboard, a new tab, a file, or another program. */
import { fileSave } from 'browser-fs-access';
import { uprightPicture } from '../../../src/search/indexing/upright';

/** More pixels than this make a PNG that clipboards choke on. */
const MOST_PIXELS = 40e6;
/** The most files passed to another program at once: browsers accept only a few. */
export const MOST_SHARED = 10;
/** What browsers show in a tab. Not SVG and not HTML: such a tab would belong to this site, scripts and all. */
const SHOWN = /^image\/(jpeg|png|gif|webp|avif|bmp)$/;
/** The time after which a tab has read it, in milliseconds. */
const READ_BY = 60_000;

/** The size at which a picture is copied, with the same proportions. */
export function copySize(width: number, height: number): { width: number; height: number; isWhole: boolean } {
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)));
  if (scale === 1) return { width, height, isWhole: true };
  return {
    width: Math.max(1, Math.floor(width * scale)),
    height: Math.max(1, Math.floor(height * scale)),
    isWhole: false,
  };
}

/** Whether this browser can put pictures into the clipboard. */
export function canCopyPictures(): boolean {
  return typeof ClipboardItem === 'function' && typeof navigator.clipboard?.write === 'function';
}

/**
 * Copies it as PNG, which programs accept. Call this from a click; the picture may arrive later.
 * @returns the size that was copied
 * @throws the error of the file, the decoder or the browser
 */
export async function copyPicture(file: Promise<Blob>): Promise<ReturnType<typeof copySize>> {
  const drawn = file.then(drawPng);
  // It is awaited twice: without this, a failure would be reported as unhandled.
  drawn.catch(() => undefined);
  // Done while the click counts, since some browsers refuse it later.
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': drawn.then(({ png }) => png) })]);
  return (await drawn).size;
}

async function drawPng(file: Blob): Promise<{ png: Blob; size: ReturnType<typeof copySize> }> {
  // A file that the browser cannot read is decoded as for indexing.
  const bitmap = await createImageBitmap(file).catch(async () => createImageBitmap(await uprightPicture(file)));
  try {
    const size = copySize(bitmap.width, bitmap.height);
    const canvas = new OffscreenCanvas(size.width, size.height);
    const context = canvas.getContext('2d')!;
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, size.width, size.height);
    return { png: await canvas.convertToBlob({ type: 'image/png' }), size };
  } finally {
    bitmap.close();
  }
}

/** Whether a tab of this browser shows such a file. */
export function canOpen({ type }: Blob): boolean {
  return SHOWN.test(type);
}

/** Opens it in a new tab. */
export function openPicture(file: Blob): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  Object.assign(link, { href: url, target: '_blank', rel: 'noopener' });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), READ_BY);
}

/** Saves it where the user chooses, or among the downloads. @throws AbortError if the user cancelled */
export async function savePicture(file: File): Promise<void> {
  const dot = file.name.lastIndexOf('.');
  const extension = dot > 0 ? file.name.slice(dot).toLowerCase() : '';
  // The browser's dialog refuses unusual extensions.
  const known = /^\.[a-z0-9]{1,16}$/.test(extension) && file.type;
  await fileSave(file, {
    fileName: file.name,
    ...(known && { extensions: [extension], mimeTypes: [file.type] }),
  });
}

/** Whether this browser can share pictures with other programs. */
export function canShare(): boolean {
  if (typeof navigator.canShare !== 'function' || typeof navigator.share !== 'function') return false;
  return navigator.canShare({ files: [new File([new Uint8Array(1)], 'picture.jpg', { type: 'image/jpeg' })] });
}

/** @throws AbortError if the user cancelled; TypeError if these files may not be shared */
export async function shareFiles(files: File[]): Promise<void> {
  if (!navigator.canShare({ files })) throw new TypeError('These files may not be shared.');
  await navigator.share({ files });
}

type Picker = (options: { id: string; mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>;

/** Whether this browser lets a page write into a folder. */
export function canWriteFolders(): boolean {
  return 'showDirectoryPicker' in globalThis;
}

/** @throws AbortError if the user cancelled */
export function chooseTarget(): Promise<FileSystemDirectoryHandle> {
  return (globalThis as unknown as { showDirectoryPicker: Picker }).showDirectoryPicker({
    id: 'copies',
    mode: 'readwrite',
  });
}

/** Whether the user cancelled, which is not an error. */
export function isCancelled(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
