/**
 * @file The one place that knows the inside of Supercluster: it offers no way to hand what it has built to another
 * thread. The fields are those of the pinned release; `supercluster-fields.test.ts` fails if another one has others, or
 * reads them in another way.
 */
import type Supercluster from 'supercluster';

/** The release whose fields these are; package.json pins it. */
export const RELEASE = '9.1.0';

/** The tree of one step: a KDBush, and the numbers of its points. */
export interface Tree {
  ids: Uint32Array<ArrayBuffer>;
  numItems: number;
  data: Int32Array;
}

/** What queries read, besides the options. */
export interface Fields<Properties, Joined> {
  /** By step. // [steps] */
  trees: Tree[];
  /** How many numbers of `data` a point has. */
  stride: number;
  numPoints: number;
  /** On the plane, from 0 to 1. // [points, 2] */
  coords: Float64Array<ArrayBuffer>;
  /** Of each point. // [points] */
  props: ArrayLike<Properties>;
  /** Of points that have some; here none has. */
  ids: null;
  /** Of each cluster. // [clusters] */
  clusterProps: ArrayLike<Joined>;
}

/** What a loaded index holds. */
export function fieldsOf<Properties extends object, Joined extends object>(
  index: Supercluster<Properties, Joined>,
): Fields<Properties, Joined> {
  return index as unknown as Fields<Properties, Joined>;
}

/** Gives an index that has loaded nothing what another one held; its options must be the same. */
export function giveFields<Properties extends object, Joined extends object>(
  index: Supercluster<Properties, Joined>,
  // The stride follows from the options.
  fields: Omit<Fields<Properties, Joined>, 'stride'>,
): Supercluster<Properties, Joined> {
  return Object.assign(index, fields);
}
