/** @file What each task starts with, until a visitor brings something of their own. */
import type { Box } from './boxes';
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
  caption: { samples: ['strawberry.png', 'penguin.png', 'umbrella.png'] },
  classification: {
    samples: ['elephant.png', 'strawberry.png', 'cat.jpg', 'dogs.jpg'],
    captions: ['elephant', 'strawberry', 'cat', 'dog', 'bicycle', 'coffee mug'],
  },
  vqa: {
    samples: ['apples.png', 'street.png', 'farm.jpg'],
    question: 'What is in this picture?',
    captions: ['apples', 'a car', 'a horse', 'a boat', 'a cat'],
  },
  retrieval: {
    samples: ['penguin.png', 'umbrella.png', 'coffee.jpg', 'dandelions.jpg'],
    captions: ['a penguin', 'an umbrella', 'a cup of coffee', 'a field of dandelions'],
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
