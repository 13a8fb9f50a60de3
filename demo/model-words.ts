/** @file What the page of models says: costs, progress, and what a stored model is. */
import type { Estimate, ProgressEvent, StoredModel } from '../src/index';
import { bytesInWords, durationInWords } from './shell/words';

export interface Figure {
  label: string;
  value: string;
  /** It speaks against going on. */
  bad?: boolean;
}

/** What a model will cost. @param fromDisk its files are on this device */
export function costInWords({ download, store, gpu, dtype, storage, device }: Estimate, fromDisk: boolean): Figure[] {
  const free = storage.free === null ? 'not told by this browser' : bytesInWords(storage.free);
  const gpuValue = device.webgpu
    ? `fit for it: ${bytesInWords(gpu)} of GPU memory${device.f16 ? '' : ', without half precision'}`
    : `${device.adapter ? 'not fit for it. ' : ''}${device.reason ?? ''} The CPU can run it, much more slowly.`;
  return [
    { label: fromDisk ? 'To read' : 'To download', value: bytesInWords(download) },
    { label: 'To store', value: `${bytesInWords(store)} of ${dtype} weights` },
    { label: 'Free space', value: storage.fits === false ? `${free}: too little` : free, bad: storage.fits === false },
    { label: 'This GPU', value: gpuValue, bad: !device.webgpu },
  ];
}

const PHASES: Record<ProgressEvent['phase'], string> = {
  wait: 'Waiting for another tab, which is at the same model',
  measure: 'Measuring weights',
  convert: 'Fetching and converting weights',
  probe: 'Testing the model',
  publish: 'Saving',
  download: 'Downloading',
  verify: 'Checking',
  load: 'Preparing',
  embed: 'Testing the model',
};

export interface JobWords {
  phase: string;
  figures: string;
  /** 0 to 1, or null where it cannot be told. */
  share: number | null;
}

export function jobInWords({ phase, loaded, total, rows, rate, secondsLeft }: ProgressEvent): JobWords {
  if (!total || loaded === undefined) return { phase: PHASES[phase], figures: '', share: null };
  const parts = [`${bytesInWords(loaded)} of ${bytesInWords(total)}`];
  if (rows) parts.push(`${rows.done} of ${rows.total} rows`);
  if (rate) parts.push(`${bytesInWords(rate)}/s`);
  if (secondsLeft !== undefined) parts.push(`${durationInWords(secondsLeft)} left`);
  return { phase: PHASES[phase], figures: parts.join(' · '), share: Math.min(1, loaded / total) };
}

const STATES: Record<StoredModel['state'], string> = {
  ready: 'ready',
  unfinished: 'unfinished',
  older: 'of an older version',
  newer: 'of a newer version',
  damaged: 'damaged',
};

/** Size, weights, where from and state, in one line. */
export function storedInWords({ bytes, dtype, origin, source, state, done }: StoredModel): string {
  const parts = [bytesInWords(bytes)];
  if (dtype) parts.push(dtype);
  if (origin?.kind === 'hub') {
    const commit = (source?.adapter ?? source?.base)?.revision?.slice(0, 7);
    parts.push(`from ${new URL(origin.hubUrl).host}${commit ? `, commit ${commit}` : ''}`);
  } else if (origin?.kind === 'url') parts.push(`from ${origin.url}`);
  else if (origin) parts.push('from a folder');
  parts.push(state === 'unfinished' && done !== null ? `unfinished: ${Math.floor(done * 100)} %` : STATES[state]);
  return parts.join(' · ');
}
