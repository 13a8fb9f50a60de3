/**
 * @file Checks whether a bundle gives the scores shown on the model card, using the card's own example: one picture,
 * one question and two answers, whose cosines the authors published (bf16, on their GPUs).
 */

import { expectArgument, expectString, isRecord } from '../arguments';
import { sha256Hex } from '../bundle/digest';
import type { BundleSource, WeightDtype } from '../bundle/manifest';
import { InvalidInputError } from '../errors';
import { expectHooks, expectKnown, expectOptions } from '../hooks';
import type { PictureOption } from '../image';
import { isRepository } from './published';

/** The example of the model cards, `figures/example.jpg` of TIGER-AI-Lab/VLM2Vec (branch v1). */
export const CARD_EXAMPLE = {
  /** A copy on the web that pages of other origins may read. */
  url: 'https://raw.githubusercontent.com/TIGER-AI-Lab/VLM2Vec/v1/figures/example.jpg',
  sha256: '52d2be6748264d763776726aaf6feeb75c4820386fb97462b376b287ac51fbc9',
  /** Follows the image token and a space. */
  question: 'Represent the given image with the following question: What is in the image',
  /** The first one is right. */
  answers: ['A cat and a dog', 'A cat and a tiger'],
} as const;

/** The published cosines of {@link CARD_EXAMPLE}'s answers, from the demos of each model. */
export const CARD_SCORES = {
  'v1-2b': { label: 'VLM2Vec-Qwen2VL-2B', repository: 'TIGER-Lab/VLM2Vec-Qwen2VL-2B', scores: [0.25, 0.1865] },
  'v1-7b': { label: 'VLM2Vec-Qwen2VL-7B', repository: 'TIGER-Lab/VLM2Vec-Qwen2VL-7B', scores: [0.3301, 0.2891] },
  'v2.0': { label: 'VLM2Vec-V2.0', repository: 'VLM2Vec/VLM2Vec-V2.0', scores: [0.2974, 0.239] },
  llava: { label: 'VLM2Vec-LLaVa-Next', repository: 'TIGER-Lab/VLM2Vec-LLaVa-Next', scores: [0.4375, 0.3535] },
  phi: {
    label: 'VLM2Vec-Full (Phi-3.5-V)',
    repository: 'TIGER-Lab/VLM2Vec-Full',
    scores: [0.3008, 0.2051],
    /** Used whatever the checkpoint's own number is. */
    numCrops: 16,
  },
} as const;

/** A published model whose card shows scores. */
export type CardModel = keyof typeof CARD_SCORES;

export const CARD_MODELS = Object.keys(CARD_SCORES) as CardModel[];

/**
 * By how much a score may differ. The authors' own bf16 runs differ from each other by 0.003, while ours compute in
 * float32. Coarser weights change cosines, so they get larger bounds. The bounds were set in advance, not measured on
 * the official weights.
 */
export const CARD_TOLERANCE: Record<WeightDtype, number> = { fp32: 0.01, fp16: 0.01, q8: 0.02, q4: 0.05 };

/**
 * Returns the model whose card a bundle is checked against; null if there is none.
 * @throws InvalidInputError for anything but a source
 */
export function cardModel(source: BundleSource): CardModel | null {
  const isSource = isRecord(source) && isRecord(source.base);
  expectArgument('cardModel', 'source', source, 'the source of a model, as model.info.source', isSource);
  const id = source.adapter?.id ?? source.base.id;
  expectString('cardModel', 'the source’s id', id);
  return CARD_MODELS.find((model) => isRepository(id, CARD_SCORES[model].repository)) ?? null;
}

/** The part of a loaded `VLM2Vec` that is used. */
export interface VerifiableModel {
  /** See `VLM2Vec.info`. */
  readonly info: {
    source: BundleSource;
    dtype: WeightDtype;
    imageToken: string;
    image: { options: readonly PictureOption[] };
  };
  /** Like `VLM2Vec.embed` for a list. // [dims] each */
  embed(
    inputs: { text: string; image?: Uint8Array }[],
    options: { orientation: 'stored'; numCrops?: number; signal?: AbortSignal },
  ): Promise<Float32Array[]>;
}

/** Options of {@link verifyCard}. */
export interface VerifyOptions {
  /** Check it against this model's card instead of the one that its source names. */
  as?: CardModel;
  /** Aborts the call, which then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** The result of {@link verifyCard}. Plain data. */
export interface VerifyReport {
  /** The model whose card it was checked against. */
  model: CardModel;
  /** Its name, to display. */
  label: string;
  /**
   * For each answer: the cosine with the question, the published one, the difference, and whether that is small enough.
   */
  answers: { text: string; score: number; published: number; difference: number; passed: boolean }[];
  /** Largest difference that passes. */
  tolerance: number;
  /** Whether the right answer scores higher. */
  ordered: boolean;
  /** Whether all checks passed. */
  passed: boolean;
}

/**
 * Embeds the card's example and compares the cosines with the published ones.
 * @param picture the bytes of {@link CARD_EXAMPLE}'s picture
 * @throws InvalidInputError for what is not a model or not bytes, for another picture, for a model without published scores, and for meaningless options
 */
export async function verifyCard(
  model: VerifiableModel,
  picture: Uint8Array,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  expectOptions('verifyCard', options);
  expectKnown('verifyCard', options, ['as', 'signal']);
  expectHooks(options);
  const { as, signal } = options;
  if (as !== undefined && !CARD_MODELS.includes(as)) {
    throw new InvalidInputError(`as is ${String(as)}; it must be one of ${CARD_MODELS.join(', ')}.`, { option: 'as' });
  }
  const isModel = isRecord(model) && isRecord(model.info) && typeof model.embed === 'function';
  expectArgument('verifyCard', 'model', model, 'a loaded model', isModel);
  expectArgument(
    'verifyCard',
    'picture',
    picture,
    'the bytes of a picture (Uint8Array)',
    picture instanceof Uint8Array,
  );
  const { source, dtype, imageToken, image } = model.info;
  const card = as ?? cardModel(source);
  if (card === null) {
    throw new InvalidInputError(
      `Nothing has been published for ${source.adapter?.id ?? source.base.id}, so its scores cannot be compared. Cards are known ` +
        `of ${CARD_MODELS.map((each) => CARD_SCORES[each].label).join(', ')}.`,
      { source },
    );
  }
  const sha256 = await sha256Hex(picture);
  if (sha256 !== CARD_EXAMPLE.sha256) {
    throw new InvalidInputError(
      `This is not the picture of the model card (figures/example.jpg of TIGER-AI-Lab/VLM2Vec): its SHA-256 is ` +
        `${sha256.slice(0, 12)}…, not ${CARD_EXAMPLE.sha256.slice(0, 12)}…`,
      { sha256, expected: CARD_EXAMPLE.sha256 },
    );
  }
  const { answers, question } = CARD_EXAMPLE;
  const query = { text: `${imageToken} ${question}`, image: picture };
  const published = CARD_SCORES[card];
  const crops =
    'numCrops' in published && image.options.includes('numCrops') ? { numCrops: published.numCrops } : undefined;
  const [first, ...vectors] = await model.embed([query, ...answers.map((text) => ({ text }))], {
    orientation: 'stored', // as the demos read it
    ...crops,
    signal,
  });
  const scores = vectors.map((vector) => vector.reduce((sum, value, d) => sum + value * first![d]!, 0));
  return judge(card, dtype, scores);
}

/** Checks two cosines against a card. */
export function judge(card: CardModel, dtype: WeightDtype, scores: readonly number[]): VerifyReport {
  const tolerance = CARD_TOLERANCE[dtype];
  const answers = CARD_EXAMPLE.answers.map((text, i) => {
    const published = CARD_SCORES[card].scores[i]!;
    const score = scores[i]!;
    const difference = score - published;
    return { text, score, published, difference, passed: Math.abs(difference) <= tolerance };
  });
  const ordered = scores[0]! > scores[1]!;
  const passed = ordered && answers.every((answer) => answer.passed);
  return { model: card, label: CARD_SCORES[card].label, answers, tolerance, ordered, passed };
}
