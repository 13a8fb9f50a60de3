/** @file How long photos take, in words. */
import { photoSizes, type PhotoTime, type SizedInfo } from '../../src/measure';
import { cardStrings as strings } from '../strings/cards';
import { durationInWords } from '../shell/words';
import type { PhotoRecord } from './times';

const THOUSAND = 1000;

/** `200704px` as `0.2 megapixels`; empty for the model's own. */
export function sizeInWords(size: string): string {
  const [, figure = '', unit] = /^(\d+)(px|crops)$/.exec(size) ?? [];
  if (unit === 'px') return strings.sizes.pixels(Number(figure));
  return unit === 'crops' ? strings.sizes.crops(Number(figure)) : '';
}

/** The sizes that a model offers, by name, to display. */
export function sizeOptions(info: SizedInfo): { name: string; label: string }[] {
  return photoSizes(info).map(({ name, work }) => ({
    name,
    label:
      sizeInWords(name) ||
      `${strings.sizes.own(info.image.options.includes('maxPixels') ? work : null)}, ${strings.sizes.ownOf}`,
  }));
}

/** `about 12 min on the GPU`, at the model's own size, or at the largest that was measured. */
export function thousandInWords({ times, onGpu }: Pick<PhotoRecord, 'times' | 'onGpu'>): string {
  const time = times.find(({ milliseconds }) => milliseconds !== null) ?? times[0]!;
  const words = sizeInWords(time.size);
  const { seconds, isLeast } = secondsFor(time, THOUSAND);
  const say = isLeast ? strings.timeAtLeast : strings.time;
  return say(durationInWords(seconds), onGpu, words && strings.atSize(words));
}

/** How long this many photos take, in seconds. */
export function secondsFor(time: PhotoTime, photos: number): { seconds: number; isLeast: boolean } {
  const isLeast = time.milliseconds === null;
  return { seconds: (photos * (time.milliseconds ?? time.atLeast!)) / 1000, isLeast };
}

/** `about 3.2 h`, `12 h or more`. */
export function timeInWordsFor(time: PhotoTime, photos: number): string {
  const { seconds, isLeast } = secondsFor(time, photos);
  return (isLeast ? strings.before.atLeast : strings.before.about)(durationInWords(seconds));
}
