/** @file Reads the file with names of places from the address that a caller gives. */

import { NetworkError } from '../../errors';
import { fetchAnywhere } from '../../net';
import type { OpenOptions } from '../types';

/** Null without one. @throws NetworkError */
export async function readPlaces(places: OpenOptions['places']): Promise<Uint8Array<ArrayBuffer> | null> {
  if (places === undefined) return null;
  if (typeof places === 'function') return places();
  const response = await fetchAnywhere(places).catch((cause: unknown) => {
    throw new NetworkError(`The file of places could not be fetched from ${String(places)}.`, {}, { cause });
  });
  if (!response.ok)
    throw new NetworkError(`The file of places: ${String(places)} answered with status ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}
