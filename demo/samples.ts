/** @file The sample pictures and the captions that go with them. Sources and licences: `public/samples/README.md`. */

export interface Sample {
  /** In `public/samples/`. */
  file: string;
  title: string;
  captions: string[];
}

export const SAMPLES: Sample[] = [
  {
    file: 'strawberry.png',
    title: 'Drawing: strawberry',
    captions: ['a strawberry', 'a tomato', 'a banana', 'a red heart', 'a ladybug', 'a traffic light'],
  },
  {
    file: 'elephant.png',
    title: 'Drawing: elephant',
    captions: ['an elephant', 'a mouse', 'a rhinoceros', 'a horse', 'a rock', 'a vacuum cleaner'],
  },
  {
    file: 'umbrella.png',
    title: 'Drawing: umbrella',
    captions: ['an umbrella', 'a mushroom', 'a parachute', 'a jellyfish', 'a lamp', 'a tent'],
  },
  {
    file: 'penguin.png',
    title: 'Drawing: penguin',
    captions: ['a penguin', 'a duck', 'a man in a suit', 'a panda', 'a piano', 'a snowman'],
  },
  {
    file: 'cat.jpg',
    title: 'Photograph: cat (nano knows drawings only)',
    captions: ['a cat', 'a dog', 'an owl', 'a lion', 'a sofa', 'a bowl of soup'],
  },
  {
    file: 'coffee.jpg',
    title: 'Photograph: cup of coffee (nano knows drawings only)',
    captions: ['a cup of coffee', 'a glass of wine', 'a bowl of soup', 'a clock', 'a red ball', 'a wooden table'],
  },
];
