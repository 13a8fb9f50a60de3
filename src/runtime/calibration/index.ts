/** @file Second moments over made-up inputs; loaded when they are first asked for, for most never are. */

import type { BundleManifest } from '../../bundle/manifest';
import { importing } from '../../net';
import type { InputMoments } from '../../bundle/moments';
import type { BundleReader } from '../../bundle/storage';
import type { MomentsOptions } from './moments';

export type { MomentsOptions } from './moments';

/** See `moments.ts`. */
export async function* takeMoments(
  reader: BundleReader,
  manifest: BundleManifest,
  options: MomentsOptions = {},
): AsyncGenerator<InputMoments[]> {
  const moments = await importing(() => import('./moments'));
  yield* moments.takeMoments(reader, manifest, options);
}
