/** @file The pictures of an index, and what can be asked about them: public types. Plain data. */

import type { Pass } from './passes';
import type { PhotoArea, Place } from './where';

/** A picture in the index. Plain data; every text in it is untrusted. */
export interface PhotoItem {
  /** Stays the same as long as the picture is in the index. */
  id: number;
  /** The folder's name, followed by the path within it: `Holidays/2024/beach.jpg`. */
  path: string;
  /** The last part of `path`. */
  name: string;
  /** `FolderInfo.id` */
  folderId: number;
  /** Size of the file in bytes. */
  size: number;
  /**
   * When the picture was taken, according to the file (EXIF, XMP), or otherwise when the file was last modified. This
   * is local wall-clock time at that place, in milliseconds as if that clock showed UTC. Format it with `timeZone:
   * 'UTC'`.
   */
  taken: number;
  /** Whether `taken` comes from the file's metadata. */
  dated: boolean;
  /** Make and model of the camera; null if the file does not say. */
  camera: string | null;
  /** Where the picture was taken, in degrees. */
  place: Place | null;
  /** Text from the file's metadata; absent if there is none, or if an earlier version indexed the picture. */
  words?: PhotoWords;
  /**
   * A message to display that names which of date, camera and place are in the file but could not be read; null if
   * everything could be read.
   */
  unread: string | null;
  /** Width in pixels, once upright. */
  width: number;
  /** Height in pixels, once upright. */
  height: number;
  /** SHA-256 of the file, in hex. */
  hash: string;
}

/** Text from a picture's metadata (IPTC, XMP and EXIF), without duplicates. Untrusted. */
export interface PhotoWords {
  /** Titles in several languages are separated by line breaks. */
  title?: string;
  /** Headline, description and comment, separated by line breaks. */
  caption?: string;
  /** Keywords, in the file's order. */
  keywords?: readonly string[];
  /** Names of places that someone entered: IPTC's sublocation, city, province, country. */
  places?: readonly string[];
}

/** A picture that was not indexed. It is tried again when its file changes, or after `PhotoIndex.retry`. */
export interface PhotoProblem {
  /** For `PhotoIndex.retry`. */
  id: number;
  /** See {@link PhotoItem.path}. */
  path: string;
  /** `skipped`: its file cannot be used; `failed`: the model failed or crashed on it twice. */
  kind: 'skipped' | 'failed';
  /** `deep`: the deep model failed on it; it can still be found by the first pass. */
  pass: Pass;
  /** The reason, as a message to display. */
  reason: string;
}

/** A filter. Pictures must meet all of its conditions. */
export interface PhotoFilter {
  /** Earliest {@link PhotoItem.taken}, inclusive. `daysFilter` computes it from a day. */
  from?: number;
  /** End of the range of {@link PhotoItem.taken}, exclusive. */
  to?: number;
  /** Any of these cameras. */
  camera?: string | readonly string[];
  /** The beginning of {@link PhotoItem.path}, in whole names: `Holidays/2024`. */
  folder?: string;
  /** An {@link Album.id}: only pictures in this album. */
  album?: number;
  /** Only pictures taken in this area. Pictures that do not record where they were taken never match. */
  area?: PhotoArea;
}

/** The favourites, or an album: a list of pictures, kept with the index. */
export interface Album {
  /** `FAVOURITES`, or a larger number. */
  id: number;
  /** Untrusted text; empty for the favourites. */
  name: string;
  /** Milliseconds since 1970; 0 for the favourites. */
  created: number;
  /**
   * Number of its pictures that can currently be found. Pictures whose files or folders are missing reappear when these
   * return.
   */
  pictures: number;
  /** How many of the pictures that were asked about are in it. */
  contains: number;
}

/** Options of `PhotoIndex.list`. */
export interface ListOptions {
  /** Only these pictures. */
  filter?: PhotoFilter;
  /** @default 'newest' */
  order?: 'newest' | 'oldest' | 'path';
}

/** When pictures were taken, for lists with headings. */
export interface PhotoDates {
  /** See {@link PhotoItem.taken}; NaN for pictures that are not (or no longer) in the index. // [ids] */
  taken: Float64Array;
  /** 1 where {@link PhotoItem.dated} is true, otherwise 0. // [ids] */
  dated: Uint8Array;
}

/** The values that filters can choose from. */
export interface Facets {
  /** Cameras, those with the most pictures first. */
  cameras: { name: string; count: number }[];
  /** Folders at every level, in order, in the form {@link PhotoFilter.folder} takes. */
  folders: { path: string; count: number }[];
  /** Range of {@link PhotoItem.taken}; null if there are no pictures. */
  taken: { from: number; to: number } | null;
}
