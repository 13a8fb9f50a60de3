/**
 * @file The prompts of the 36 MMEB tasks, letter for letter as in the official evaluation (including its oddities: the
 * doubled "to", missing full stops, image tokens in texts that come without an image).
 */
import { expectArgument, expectString, isRecord } from '../arguments';
import { deepFreeze } from '../bundle/deep-freeze';
import type { PromptConfig } from '../bundle/manifest';

/** `{image}` is the model's image token, `{text}` the query, caption, label or answer. */
export interface TaskPrompts {
  /** Prompt for the query, that is, what you search with. */
  query: string;
  /** Prompt for the target, that is, what you search for. */
  target: string;
}

const classify = (instruction: string): TaskPrompts => ({ query: `{image}\n${instruction}\n`, target: '{text}' });
const CLASSIFICATION = classify('Represent the given image for classification');
const OBJECT = classify('Identify the object shown in the image');
const SCENE = classify('Identify the scene shown in the image');
const QUESTION = classify('Represent the given image with the following question: {text}');

const IMAGE = '{image}\nRepresent the given image.\n';
const IMAGE_NO_STOP = '{image}\nRepresent the given image\n';
const WIKIPEDIA_IMAGE = '{image}\nRepresent the given Wikipedia image with related text information: {text}\n';
const CROPPED_OBJECT = '{image}\nRepresent the given cropped image of the object';
const REGION = '{image}\nSelect the portion of the image that follows the language expressions: "{text}"\n';

/** The prompts of MMEB's datasets, by name. */
export const instructions = /* @__PURE__ */ deepFreeze({
  // Classification
  'ImageNet-1K': CLASSIFICATION,
  N24News: classify('Represent the given news image with the following caption for domain classification: {text}'),
  HatefulMemes: classify(
    'Represent the given image for binary classification to determine whether it constitutes hateful speech or not',
  ),
  VOC2007: OBJECT,
  SUN397: SCENE,
  Place365: SCENE,
  'ImageNet-A': CLASSIFICATION,
  'ImageNet-R': CLASSIFICATION,
  ObjectNet: OBJECT,
  Country211: classify('Identify the country depicted in the image'),
  // Visual question answering
  'OK-VQA': QUESTION,
  'A-OKVQA': QUESTION,
  DocVQA: QUESTION,
  InfographicsVQA: QUESTION,
  ChartQA: QUESTION,
  Visual7W: QUESTION,
  ScienceQA: QUESTION,
  VizWiz: QUESTION,
  GQA: QUESTION,
  TextVQA: QUESTION,
  // Retrieval
  VisDial: {
    query: 'Represent the given dialogue about an image, which is used for image retrieval: {text}\n',
    target: IMAGE_NO_STOP,
  },
  CIRR: {
    query: '{image}\nGiven an image, find a similar everyday image with the described changes: {text}\n',
    target: IMAGE,
  },
  VisualNews_t2i: { query: 'Retrieve an image of this news caption. {text}\n', target: IMAGE },
  VisualNews_i2t: classify('Find a caption for the news in the given photo.'),
  MSCOCO_t2i: { query: 'Find me an everyday image that matches the given caption: {text}\n', target: IMAGE },
  MSCOCO_i2t: classify('Find an image caption describing the given everyday image.'),
  NIGHTS: { query: '{image}\nFind a day-to-day image that looks similar to the provided image.\n', target: IMAGE },
  WebQA: {
    query: '{image}\nFind a Wikipedia image that answers this question: {text}\n',
    target: WIKIPEDIA_IMAGE,
  },
  FashionIQ: {
    query: '{image}\nFind an image to match the fashion image and style note: {text}\n',
    target: IMAGE,
  },
  'Wiki-SS-NQ': {
    query: 'Find the document image that can answer the given query: {text}\n',
    target: IMAGE_NO_STOP,
  },
  OVEN: {
    query:
      '{image}\nRetrieve a Wikipedia image-description pair that provides evidence for the question of this image: ' +
      '{text}\n',
    target: WIKIPEDIA_IMAGE,
  },
  EDIS: {
    query: '{image}\nFind a news image that matches the provided caption: {text}\n',
    target: '{image}\nRepresent the given image with related text information: {text}\n',
  },
  // Visual grounding
  MSCOCO: { query: '{image}\nCrop the image to to isolate the object labeled as "{text}"\n', target: CROPPED_OBJECT },
  RefCOCO: {
    query: '{image}\nSelect the portion of the image that follows the language expressions. "{text}"\n',
    target: CROPPED_OBJECT,
  },
  'RefCOCO-Matching': { query: REGION, target: REGION },
  'Visual7W-Pointing': {
    query: '{image}\nSelect the portion of the image that answers the question "{text}"\n',
    target: CROPPED_OBJECT,
  },
} as const satisfies Record<string, TaskPrompts>);

/** The name of one of MMEB's datasets. */
export type TaskName = keyof typeof instructions;

/**
 * Puts the image token and `text` into a template of {@link instructions}.
 * @throws InvalidInputError for anything but strings
 */
export function fillPrompt(template: string, text: string, prompts: Pick<PromptConfig, 'imageToken'>): string {
  expectString('fillPrompt', 'template', template);
  expectString('fillPrompt', 'text', text);
  const hasToken = isRecord(prompts) && typeof prompts.imageToken === 'string';
  expectArgument('fillPrompt', 'prompts', prompts, 'an object with the string imageToken, as model.info is', hasToken);
  return template.replace(/\{(image|text)\}/g, (_, part: string) => (part === 'image' ? prompts.imageToken : text));
}
