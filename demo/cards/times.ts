/**
 * @file What photos took on this device, stored in this browser for each model and device, so that they can be shown
 * without measuring again.
 */
import { signal } from '@preact/signals';
import type { ModelInfo } from '../../src/index';
import type { PhotoTime } from '../../src/measure';

/** One measurement. */
export interface PhotoRecord {
  /** As `ModelInfo.id`. */
  model: string;
  /** Repository of the model or of its adapter; `nano` for the one that comes with the site. */
  subject: string;
  /** `webgpu nvidia ada f16`, `wasm 4 f32`: other devices have other times. */
  where: string;
  onGpu: boolean;
  /** The model's own size first. */
  times: PhotoTime[];
  /** In milliseconds since 1970. */
  date: number;
}

const KEY = 'photo-times';
const MOST = 50;

type Device = Pick<ModelInfo, 'device' | 'adapter' | 'threads' | 'activations' | 'compute' | 'weights'>;

/** Identifies what a time depends on besides the model. */
export function whereOf({ device, adapter, threads, activations, compute, weights }: Device): string {
  const { vendor = '', architecture = '', description = '' } = adapter ?? {};
  const chip = device === 'webgpu' ? [vendor, architecture, description] : [String(threads)];
  return [device, ...chip, activations, compute, weights].filter(Boolean).join(' ');
}

/** Times of a model from the Hub. */
export const subjectOf = ({ source }: Pick<ModelInfo, 'source'>): string => source.adapter?.id ?? source.base.id;

/** Newest first. */
export const photoRecords = signal<readonly PhotoRecord[]>(recall());

export function recordTimes(info: Device & Pick<ModelInfo, 'id'>, subject: string, times: PhotoTime[]): void {
  const where = whereOf(info);
  const record = { model: info.id, subject, where, onGpu: info.device === 'webgpu', times, date: Date.now() };
  const others = photoRecords.value.filter((each) => each.model !== info.id || each.where !== where);
  photoRecords.value = [record, ...others].slice(0, MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(photoRecords.value));
  } catch {
    // Then it is measured again at the next visit.
  }
}

/** The time of a loaded model, on the device where it now runs. */
export function timesOf(info: Device & Pick<ModelInfo, 'id'>): PhotoRecord | null {
  const where = whereOf(info);
  return photoRecords.value.find((each) => each.model === info.id && each.where === where) ?? null;
}

/** The newest time of a model that is not loaded. */
export const lastTimes = (subject: string): PhotoRecord | null =>
  photoRecords.value.find((each) => each.subject === subject) ?? null;

/** Entries written by an older version, or by anyone else, are left out. */
export function readRecords(text: string | null): PhotoRecord[] {
  try {
    const found: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(found) ? found.filter(isRecord) : [];
  } catch {
    return [];
  }
}

function isRecord(value: unknown): value is PhotoRecord {
  const { model, subject, where, times, date } = (value ?? {}) as Partial<PhotoRecord>;
  const isTime = (time: Partial<PhotoTime> | null) =>
    typeof time?.size === 'string' && [time.milliseconds, time.atLeast].some((each) => Number.isFinite(each));
  return (
    [model, subject, where].every((each) => typeof each === 'string') &&
    Number.isFinite(date) &&
    Array.isArray(times) &&
    times.length > 0 &&
    times.every(isTime)
  );
}

function recall(): PhotoRecord[] {
  try {
    return readRecords(localStorage.getItem(KEY));
  } catch {
    return [];
  }
}
