/** @file What the recommended models say, and how long photos take with them. */
import type { CardKind, Recommended } from '../cards/recommended';

const number = new Intl.NumberFormat('en');
const megapixels = (pixels: number) => `${(pixels / 1e6).toFixed(1)} megapixels`;

export const cardStrings = {
  title: 'Which model?',
  kinds: {
    photos: 'For photos',
    words: 'For documents and anything with words',
    try: 'To try it out',
  } satisfies Record<CardKind, string>,
  what: {
    photos: 'Finds photos by plain words. Small and quick: the one to begin with.',
    words: 'Reads signs, pages and screenshots, takes a picture and words together, and follows instructions. Slow.',
    try: 'Comes with this site. It knows drawings of everyday things, and hardly any photos.',
  } satisfies Record<CardKind, string>,
  nano: 'nano',
  facts: {
    download: 'Download',
    store: 'On disk',
    time: '1,000 photos',
    fit: 'Here',
    licence: 'Licence',
  },
  comesWith: (size: string) => `none (${size}, with this site)`,
  fit: {
    gpu: 'fits the GPU',
    cpu: 'on the CPU: no GPU',
    parts: 'in parts, more slowly',
    asking: 'looking…',
  } satisfies Record<Recommended['fit'], string>,
  noSpace: 'too little free space',
  notMeasured: 'not measured on this device yet',
  /** @param size empty for the model's own */
  time: (time: string, onGpu: boolean, size: string) => `about ${time} on the ${onGpu ? 'GPU' : 'CPU'}${size}`,
  timeAtLeast: (time: string, onGpu: boolean, size: string) => `${time} or more on the ${onGpu ? 'GPU' : 'CPU'}${size}`,
  atSize: (label: string) => ` at ${label}`,
  measure: 'Measure with three photos',
  measureAgain: 'Measure again',
  measureAfter: 'Once it is kept and in use, it can be measured.',
  stop: 'Stop',
  drawing: 'Making three photos…',
  measuring: (done: number, total: number) => `Measuring: ${done} of ${total} photos…`,
  progress: 'Measuring how long photos take',
  measured: (time: string) => `Measured: 1,000 photos take about ${time}.`,
  get: 'Get it…',
  use: 'Use in Search',
  of: (action: string, model: string) => `${action}: ${model}`,
  useHere: 'Use it here',
  inUse: 'In use on this page',
  note: 'Times are measured on this device, with three made-up photos of 12 megapixels. Nothing of your own is read for that.',
  sizes: {
    legend: 'Picture size',
    own: (pixels: number | null) => (pixels === null ? 'full size' : `up to ${megapixels(pixels)}`),
    pixels: megapixels,
    crops: (crops: number) => (crops === 1 ? '1 part' : `${crops} parts`),
    ownOf: 'as the model was made for',
    cost: 'A smaller size is quicker and sees less: small things and small print are missed. Each size has an index of its own.',
  },
  before: {
    title: (photos: number, more: boolean) => `${more ? 'More than ' : ''}${number.format(photos)} photos`,
    takes: (model: string, time: string) =>
      `With ${model}, this takes about ${time} on this device, as measured with three photos.`,
    takesAtLeast: (model: string, time: string) =>
      `With ${model}, this takes ${time} or more on this device, by what smaller pictures took.`,
    unknown: (model: string) =>
      `How long ${model} takes for them on this device is not known yet. Measuring three photos tells.`,
    meanwhile: 'You can search what is read already, pause, and go on another day.',
    option: (label: string, time: string) => `${label}: ${time}`,
    about: (time: string) => `about ${time}`,
    atLeast: (time: string) => `${time} or more`,
    start: 'Start',
    startUnmeasured: 'Start without measuring',
    cancel: 'Not now',
  },
};
