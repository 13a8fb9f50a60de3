/** @file Where pictures were taken, and areas of the map, as callers see them. Plain data; all angles are in degrees (WGS 84). */

/** A point of the globe. */
export interface Place {
  /** −90 to 90. */
  latitude: number;
  /** −180 to 180. */
  longitude: number;
}

/**
 * Between two parallels and two meridians, borders included. Where `west` is larger than `east` it lies across the antimeridian;
 * −180 to 180 is all around.
 */
export interface AreaBox {
  /** The parallel in the south, −90 to 90. */
  south: number;
  /** The meridian in the west, −180 to 180. */
  west: number;
  /** The parallel in the north, −90 to 90. */
  north: number;
  /** The meridian in the east, −180 to 180. */
  east: number;
}

/**
 * Three corners or more, in order; the last one leads back to the first. Edges are straight in latitude and longitude, and each goes
 * the shorter way around the globe: so a polygon may lie across the antimeridian, but not around a pole. Where edges cross, what is
 * enclosed twice is outside.
 */
export interface AreaPolygon {
  /** In order, either way around. */
  corners: readonly Place[];
}

/** An area of the map that a search can be limited to. */
export type PhotoArea = AreaBox | AreaPolygon;

/** Where pictures were taken. */
export interface PhotoPlaces {
  /** NaN for what does not say, or is not (or no longer) there. // [ids] */
  latitude: Float64Array;
  /** As `latitude`. // [ids] */
  longitude: Float64Array;
}

/** … in words. */
export interface PhotoPlaceNames {
  /** Of `names`; −1 far from towns, and where the picture does not say. // [ids] */
  town: Int32Array;
  /** As `town`; −1 where the country has no regions with names, too. // [ids] */
  region: Int32Array;
  /** As `town`; −1 at sea, too. // [ids] */
  country: Int32Array;
  /** Two places may have the same: what differs is their number. */
  names: string[];
}

/** A town of the gazetteer. */
export interface Town extends Place {
  /** As the gazetteer writes it. */
  name: string;
  /** Four more for each power of ten of people; 0 for up to a thousand. */
  size: number;
}

/** Of `PhotoIndex.towns`. */
export interface TownOptions {
  /** Only here. @default anywhere */
  box?: AreaBox;
  /** @default 100 */
  limit?: number;
}
