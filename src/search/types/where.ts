/**
 * @file Public types for where pictures were taken and for areas of the map. Plain data; all angles are in degrees (WGS
 * 84).
 */

/** A point on the globe. */
export interface Place {
  /** −90 to 90. */
  latitude: number;
  /** −180 to 180. */
  longitude: number;
}

/**
 * The area between two parallels and two meridians, including its borders. If `west` is larger than `east`, the area
 * crosses the antimeridian; −180 to 180 covers the whole globe.
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
 * Three or more corners, in order; the last one is joined to the first. Edges are straight in latitude and longitude,
 * and each takes the shorter way around the globe, so a polygon may cross the antimeridian but not enclose a pole. If
 * edges cross, regions enclosed twice are outside.
 */
export interface AreaPolygon {
  /** In order, either way around. */
  corners: readonly Place[];
}

/** An area of the map that a search can be limited to. */
export type PhotoArea = AreaBox | AreaPolygon;

/** Where pictures were taken. */
export interface PhotoPlaces {
  /** Latitudes; NaN for pictures that do not record a place, or are not (or no longer) in the index. // [ids] */
  latitude: Float64Array;
  /** Longitudes; NaN as for `latitude`. // [ids] */
  longitude: Float64Array;
}

/** Where pictures were taken, as names. */
export interface PhotoPlaceNames {
  /** Index into `names`; −1 far from any town, and for pictures that do not record a place. // [ids] */
  town: Int32Array;
  /** As `town`; also −1 if the country has no named regions. // [ids] */
  region: Int32Array;
  /** As `town`; also −1 at sea. // [ids] */
  country: Int32Array;
  /** The names. Two places may share a name; they then differ in their index. */
  names: string[];
}

/** A town of the gazetteer. */
export interface Town extends Place {
  /** As the gazetteer writes it. */
  name: string;
  /** Size class: increases by four for each factor of ten in population; 0 for up to a thousand people. */
  size: number;
}

/** Options of `PhotoIndex.towns`. */
export interface TownOptions {
  /** Only towns in this box. @default anywhere */
  box?: AreaBox;
  /** @default 100 */
  limit?: number;
}
