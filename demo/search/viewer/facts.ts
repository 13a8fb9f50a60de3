/** @file The facts about a picture, as lines of a table. All of it is untrusted text, and shown as text only. */
import type { PhotoItem, Reason, SearchHit } from '../../../src/search';
import { bytesInWords } from '../../shell/words';
import { searchStrings } from '../../strings/search';

const strings = searchStrings.viewer;

export interface Fact {
  label: string;
  value: string;
}

export function factsOf(item: PhotoItem, hit: SearchHit | null): Fact[] {
  const { path, taken, dated, camera, width, height, size, place, unread } = item;
  return [
    { label: strings.path, value: path },
    { label: dated ? strings.taken : strings.changed, value: searchStrings.moment(taken) },
    ...(camera ? [{ label: strings.camera, value: camera }] : []),
    { label: strings.size, value: `${strings.pixels(width, height)}, ${bytesInWords(size)}` },
    ...(place ? [{ label: strings.place, value: strings.coordinates(place.latitude, place.longitude) }] : []),
    ...(unread ? [{ label: strings.unread, value: unread }] : []),
    ...(hit?.why?.length ? [{ label: strings.why, value: hit.why.map(reasonInWords).join('; ') }] : []),
    ...(hit && !Number.isNaN(hit.score)
      ? [{ label: strings.score, value: searchStrings.results.score(hit.score, hit.z) }]
      : []),
  ];
}

function reasonInWords({ kind, text }: Reason): string {
  return text ? `${searchStrings.why[kind]} (${text})` : searchStrings.why[kind];
}
