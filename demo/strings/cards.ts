/** @file Texts of the recommended models, and of how long photos take with them. */
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
    photos: 'Finds photos by plain words. Small and quick: a good one to start with.',
    words: 'Reads signs, pages and screenshots, takes a picture and words together, and follows instructions. Slow.',
    try: 'Included in this site. It knows drawings of everyday things, but hardly any photos.',
  } satisfies Record<CardKind, string>,
  nano: 'nano',
  facts: {
    download: 'Download',
    store: 'On disk',
    time: '1,000 photos',
    fit: 'This device',
    licence: 'Licence',
  },
  comesWith: (size: string) => `none (${size}, included in this site)`,
  fit: {
    gpu: 'fits the GPU',
    cpu: 'on the CPU: no GPU',
    parts: 'in parts, more slowly',
    asking: 'checking…',
  } satisfies Record<Recommended['fit'], string>,
  noSpace: 'not enough free space',
  notMeasured: 'not measured on this device yet',
  /** @param size empty for the model's own */
  time: (time: string, onGpu: boolean, size: string) => `about ${time} on the ${onGpu ? 'GPU' : 'CPU'}${size}`,
  timeAtLeast: (time: string, onGpu: boolean, size: string) => `${time} or more on the ${onGpu ? 'GPU' : 'CPU'}${size}`,
  atSize: (label: string) => ` at ${label}`,
  measure: 'Measure with three photos',
  measureAgain: 'Measure again',
  measureAfter: 'You can measure this once the model is stored and in use.',
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
  note: 'Times are measured on this device, with three made-up photos of 12 megapixels. None of your own files are read for this.',
  sizes: {
    legend: 'Picture size',
    own: (pixels: number | null) => (pixels === null ? 'full size' : `up to ${megapixels(pixels)}`),
    pixels: megapixels,
    crops: (crops: number) => (crops === 1 ? '1 part' : `${crops} parts`),
    ownOf: 'as the model was made for',
    cost: 'A smaller size is faster but shows less detail: small objects and small print are missed. Each size has its own index.',
  },
  before: {
    title: (photos: number, more: boolean) => `${more ? 'More than ' : ''}${number.format(photos)} photos`,
    takes: (model: string, time: string) =>
      `With ${model}, this takes about ${time} on this device, as measured with three photos.`,
    takesAtLeast: (model: string, time: string) =>
      `With ${model}, this takes ${time} or more on this device, judging by the time for smaller pictures.`,
    unknown: (model: string) =>
      `It is not known yet how long ${model} takes for them on this device. Measuring three photos will tell.`,
    meanwhile: 'You can search what has already been read, pause, and continue another day.',
    option: (label: string, time: string) => `${label}: ${time}`,
    about: (time: string) => `about ${time}`,
    atLeast: (time: string) => `${time} or more`,
    start: 'Start',
    startUnmeasured: 'Start without measuring',
    cancel: 'Not now',
  },
};
