/** @file The texts of the models page: costs, progress, and descriptions of stored models. */
import type { Estimate, ProgressEvent, StoredModel } from '../../src/index';
import type { StoredPhotoIndex } from '../../src/search';
import { bytesInWords, durationInWords } from '../shell/words';
import { modelsStrings as strings } from '../strings/models';

export interface Figure {
  label: string;
  value: string;
  /** Whether it is a reason not to continue. */
  bad?: boolean;
}

/** What a model will cost. @param fromDisk its files are on this device */
export function costInWords({ download, store, gpu, dtype, storage, device }: Estimate, fromDisk: boolean): Figure[] {
  const { cost } = strings;
  const free = storage.free === null ? cost.freeUnknown : bytesInWords(storage.free);
  const gpuValue = device.webgpu
    ? cost.fits(bytesInWords(gpu), device.f16, device.weights === 'streamed')
    : cost.unfit(device.adapter !== null, device.reason ?? '');
  return [
    { label: fromDisk ? cost.read : cost.download, value: bytesInWords(download) },
    { label: cost.store, value: cost.storeOf(bytesInWords(store), dtype) },
    { label: cost.free, value: storage.fits === false ? cost.tooLittle(free) : free, bad: storage.fits === false },
    { label: cost.gpu, value: gpuValue, bad: !device.webgpu },
  ];
}

export interface JobWords {
  phase: string;
  figures: string;
  /** 0 to 1, or null if unknown. */
  share: number | null;
}

export function jobInWords({ phase, loaded, total, rows, rate, secondsLeft }: ProgressEvent): JobWords {
  const name = strings.phases[phase];
  if (!total || loaded === undefined) return { phase: name, figures: '', share: null };
  const words = strings.progress;
  const parts = [words.of(bytesInWords(loaded), bytesInWords(total))];
  if (rows) parts.push(words.rows(rows.done, rows.total));
  if (rate) parts.push(words.rate(bytesInWords(rate)));
  if (secondsLeft !== undefined) parts.push(words.left(durationInWords(secondsLeft)));
  return { phase: name, figures: parts.join(' · '), share: Math.min(1, loaded / total) };
}

/** Size, weights, source and state, in one line. */
export function storedInWords({ bytes, dtype, origin, source, state, done }: StoredModel): string {
  const from = strings.storedFrom;
  const parts = [bytesInWords(bytes)];
  if (dtype) parts.push(dtype);
  if (origin?.kind === 'hub') {
    const commit = (source?.adapter ?? source?.base)?.revision?.slice(0, 7);
    parts.push(from.hub(new URL(origin.hubUrl).host, commit ?? null));
  } else if (origin?.kind === 'url') parts.push(from.url(origin.url));
  else if (origin) parts.push(from.local);
  parts.push(
    state === 'unfinished' && done !== null
      ? strings.unfinishedAt(Math.floor(done * 100))
      : strings.storedStates[state],
  );
  return parts.join(' · ');
}

/** How many photos an index holds, and when it was last used. */
export function indexInWords({ pictures, problems, bytes, lastUsed }: StoredPhotoIndex): string {
  const words = strings.indexes;
  const parts = [words.pictures(pictures), bytesInWords(bytes)];
  if (problems > 0) parts.splice(1, 0, words.problems(problems));
  if (lastUsed > 0) parts.push(words.lastUsed(lastUsed));
  return parts.join(' · ');
}
