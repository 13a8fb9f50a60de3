/** @file Builds clusters apart from the page, which goes on meanwhile. One request and one answer, and the worker ends. */
import type { PhotoPlaceNames, PhotoPlaces } from '../../../src/search';
import { buffersOf, buildClusters } from './built';

export interface ClustersRequest {
  places: PhotoPlaces;
  names: PhotoPlaceNames | null;
}

self.onmessage = ({ data: { places, names } }: MessageEvent<ClustersRequest>) => {
  const built = buildClusters(places, names);
  self.postMessage(built, { transfer: buffersOf(built) });
};
