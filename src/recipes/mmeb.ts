/**
 * @file The prompts of inputs that name a side but no task, for checkpoints trained on MMEB: the one table of them. A text
 * looks for a picture unless told otherwise, a picture for its caption, both together ask a question.
 */

import { instructions } from '../text';
import type { RawPrompt } from './recipe';

/** VLM2Vec's, and of every recipe of its kind. */
export const MMEB_PROMPTS: RawPrompt = {
  separator: '\n',
  end: '\n',
  imageAlone: 'Represent the given image.',
  roles: {
    query: {
      text: {
        text: instructions.MSCOCO_t2i.query,
        image: instructions.MSCOCO_i2t.query,
        both: instructions['OK-VQA'].query,
      },
      image: {
        text: instructions.MSCOCO_t2i.query,
        image: instructions.NIGHTS.query,
        both: instructions.CIRR.query,
      },
    },
    document: {
      text: instructions.MSCOCO_i2t.target,
      image: instructions.MSCOCO_t2i.target,
      both: instructions.EDIS.target,
    },
  },
};
