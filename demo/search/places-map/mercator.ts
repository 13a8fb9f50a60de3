/** @file Web Mercator: the globe as a square, 0 to 1 from west to east and from north to south. */

const RADIANS = Math.PI / 180;
/** The latitude at which the square ends, in degrees. */
const MOST_LATITUDE = 85.0511287798066;

export function mercator(longitude: number, latitude: number): [x: number, y: number] {
  const sine = Math.sin(Math.max(-MOST_LATITUDE, Math.min(MOST_LATITUDE, latitude)) * RADIANS);
  return [longitude / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/** Between −180 and 180, even beyond the square's edges, where the world repeats. */
export function longitudeOf(x: number): number {
  return (x - Math.floor(x)) * 360 - 180;
}

export function latitudeOf(y: number): number {
  return Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) / RADIANS;
}
