/** @file What each task starts with, until visitors add something of their own. */
import type { Box } from './boxes';
import type { Shared } from './share';
import type { TaskId } from './tasks';

export interface Example {
  /** Sample pictures. Captions come from them unless given. */
  samples: string[];
  captions?: string[];
  question?: string;
  /** On the first picture. */
  boxes?: Box[];
}

export const EXAMPLES: Record<TaskId, Example> = {
  caption: { samples: ['strawberry.png', 'penguin.png', 'guitar.png'] },
  classification: {
    samples: ['elephant.png', 'strawberry.png', 'sailboat.png', 'cat.jpg'],
    captions: ['elephant', 'strawberry', 'sailboat', 'cat', 'bicycle', 'coffee mug'],
  },
  vqa: {
    samples: ['apples.png', 'street.png', 'farm.jpg'],
    question: 'What is in this picture?',
    captions: ['apples', 'a car', 'a horse', 'a boat', 'a cat'],
  },
  retrieval: {
    samples: ['penguin.png', 'fish.png', 'sailboat.png', 'guitar.png'],
    captions: ['a penguin', 'four fish', 'a sailboat', 'a guitar'],
  },
  grounding: {
    samples: ['farm.jpg'],
    captions: ['a horse', 'a cow', 'mountains'],
    boxes: [
      { x: 0.04, y: 0.4, width: 0.42, height: 0.5 },
      { x: 0.54, y: 0.4, width: 0.42, height: 0.5 },
      { x: 0, y: 0, width: 1, height: 0.35 },
    ],
  },
};

/** Captions that come from the samples. */
const SUGGESTED = 7;

/** How large the table will be, as far as that is known before the samples are loaded. */
export function expectedShape(shared: Shared | null): { columns: number; rows: number } {
  const example = EXAMPLES[shared?.task ?? 'caption'];
  const isExample = !shared || shared.captions.length + shared.samples.length === 0;
  if (isExample) {
    return {
      columns: example.boxes?.length ?? example.samples.length,
      rows: example.captions?.length ?? SUGGESTED,
    };
  }
  return { columns: shared.samples.length, rows: shared.captions.length || SUGGESTED };
}
