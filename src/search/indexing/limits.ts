/** @file The limits within which pictures are read, unless the caller sets others. */

import { MAX_INPUT_PIXELS } from '../../image';
import type { PictureLimits } from '../types';

export const PICTURE_LIMITS: PictureLimits = {
  fileBytes: 300e6,
  pixels: MAX_INPUT_PIXELS,
  decodeSeconds: 60,
  embedSeconds: 300,
};
