/**
 * @file What an architecture is: everything that follows from a checkpoint's `config.json` and the files beside it,
 * except for how inputs are presented to a published checkpoint (that is its recipe). One folder per architecture
 * implements it; the code that reads checkpoints, writes bundles and runs them knows only this interface.
 */

import type { JsonObject, PromptConfig } from '../bundle/manifest';
import type { NameRules } from '../checkpoint';
import type { ImageSize, PictureOption, PictureOptions, RgbImage } from '../image';
import type { Tokenizer } from '../text';
import type { Context } from './blocks/activations';
import type { PlannedWeight, Range, RotaryTables, TowerKind } from './types';

/** The files of a checkpoint that an architecture reads. */
export interface CheckpointFiles {
  /** `config.json` */
  readonly config: JsonObject;
  /** `preprocessor_config.json`; null if there is none. */
  readonly preprocessor: JsonObject | null;
  /** `tokenizer.json`, parsed. */
  readonly tokenizer: unknown;
  /** `tokenizer_config.json`; null if there is none. */
  readonly tokenizerConfig: JsonObject | null;
}

/** What an architecture keeps of them in `bundle.json`. */
export interface BundleFacts {
  readonly config: JsonObject;
  readonly image: JsonObject;
  readonly prompts: PromptConfig;
}

/** A linear layer after the final norm, which a recipe may add; it determines the length of vectors. */
export interface Head {
  /** Canonical name of its matrix. // [size, hidden] */
  readonly weight: string;
  readonly bias?: string;
  readonly size: number;
}

/** What a recipe adds to the network, and how it is cut. */
export interface BackboneOptions {
  /** Null: the vector is the hidden state. */
  readonly head: Head | null;
  /** Slices of each MLP of the text tower, for weight files of limited size. @default 1 */
  readonly mlpSlices?: number;
}

/**
 * The towers that an input passes through, one after another, depending on whether it has pictures; the last one
 * returns its vector. If pictures end in the vision tower, an input is either one picture or a text.
 */
export type Routes = Readonly<Record<'text' | 'picture', readonly TowerKind[]>>;

/** The vision tower's result is inserted among the tokens of a text. */
export const CHAINED: Routes = { text: ['text'], picture: ['vision', 'text'] };

/** Two towers that know nothing about each other. */
export const APART: Routes = { text: ['text'], picture: ['vision'] };

/**
 * The position of each token. `1d`: its index. `mrope`: on three axes (time, row, column), over which a picture
 * spreads.
 */
export type Positions = '1d' | 'mrope';

/** One kind of model: from a checkpoint's files, or from a bundle's, to the numbers and graphs of a {@link Backbone}. */
export interface Architecture {
  /** Its name in `bundle.json` and in messages: `qwen2_vl`. */
  readonly id: string;
  /** The `model_type` in its `config.json`. */
  readonly modelType: string;
  /** Related models that are not computed, by their `model_type`, with the reason. */
  readonly refuses?: Readonly<Record<string, string>>;
  /** The recipe for a checkpoint whose own recipe is not known. */
  readonly recipe: string;
  /** The names that its checkpoints and adapters use for the weights. */
  readonly names: NameRules;
  /**
   * @throws UnsupportedError for a variant that is not computed here; CheckpointFormatError for numbers that are
   * missing or make no sense; CheckpointMismatchError for files of different models
   */
  fromCheckpoint(files: CheckpointFiles, options: BackboneOptions): Backbone;
  /** What follows from `config.json` alone, for estimates. @throws as `fromCheckpoint` does for such a config */
  network(config: JsonObject, options: BackboneOptions): Network;
  /** @throws BundleFormatError for numbers that are missing or make no sense */
  fromBundle(facts: BundleFacts, options: BackboneOptions): Backbone;
}

/** Weights and graphs. */
export interface Network {
  /** The architecture's name, for graphs and messages. */
  readonly name: string;
  /** Width of the text tower's hidden state. */
  readonly hiddenSize: number;
  /** Columns of the vision tower's result: more if some of them go to further layers. @default hiddenSize */
  readonly featureSize?: number;
  /** Length of a vector. */
  readonly dims: number;
  /** Rows of the token-embedding table. */
  readonly vocabSize: number;
  /** The table's canonical name. */
  readonly embeddingTensor: string;
  /**
   * Tensors of one number each, if the model turns a cosine into the probability that two inputs belong together:
   * sigmoid(exp(scale) · cosine + bias). They are in no graph, only in the manifest.
   */
  readonly logit?: { readonly scale: string; readonly bias: string };
  readonly routes: Routes;
  readonly towers: Readonly<Record<TowerKind, Tower>>;
}

/** An architecture with the numbers of one checkpoint. */
export interface Backbone extends Network, BundleFacts {
  readonly picture: Picture;
  /** Null if the text tower's graphs take no tables. */
  readonly rotary: TextRotary | null;
  /** Whether a text without characters has a vector: that of the token that begins every text. @default false */
  readonly embedsEmptyText?: boolean;
  /**
   * The number of tokens of every text, if {@link encode} pads or cuts all texts to the same length. Each token sees
   * all others, padding included, so sequences share no rows.
   */
  readonly textTokens?: number;
  /** Token ids of a prompt, each picture's marker repeated for its visual tokens. */
  encode(tokenizer: Tokenizer, prompt: string, images: readonly number[]): EncodedPrompt;
}

/**
 * Weights and graph of a tower, in steps: attention, an MLP or a slice of it, and what comes before or after the
 * blocks. Nothing but the residual stream passes between two steps, so a stage can begin and end there.
 */
export interface Tower {
  /** Weights of each step, by block; the first includes what comes before the blocks, the last what comes after. */
  readonly blocks: readonly (readonly (readonly PlannedWeight[])[])[];
  /** The largest possible {@link BackboneOptions.mlpSlices}. @default 1 */
  readonly mostSlices?: number;
  /** With float16 activations, the residual stream is multiplied by this power of four. See `blocks/activations.ts`. */
  readonly f16Scale: number;
  /** Adds the inputs, the steps `first … last-1` of all blocks, and the outputs. */
  build(context: Context, steps: Range): void;
}

/** From a picture to the vision tower. */
export interface Picture {
  /** Which options a caller may set; any other is refused. */
  readonly options: readonly PictureOption[];
  /** For the probe, if its usual pictures would become too many visual tokens. */
  readonly probe?: {
    /** Used instead of the checkpoint's own settings. */
    readonly options?: PictureOptions;
    /** Sizes that reveal as much at less cost. */
    readonly pictures?: Readonly<Partial<Record<'small-picture' | 'picture', ImageSize>>>;
  };
  /**
   * How a picture of this size is resized and cut. Uses integers only, so it is cheap enough for limits and estimates.
   */
  plan(size: ImageSize, options: PictureOptions): PicturePlan;
  /** The numbers that the tower takes. // [sequences * patches, patch length] */
  fill(image: RgbImage, plan: PicturePlan): Float32Array;
  /** Tables of one sequence of the tower; null if its graph takes none. // [patches, headDim/2] */
  rotary(plan: PicturePlan): RotaryTables | null;
  /** Positions of one sequence of the tower, if they are mixed from the rows of a learned table; absent otherwise. */
  mixture?(plan: PicturePlan): PositionMixture;
}

/** From which rows of a table of positions each patch's position is mixed. */
export interface PositionMixture {
  readonly rows: Int32Array; // [patches, 4]
  readonly weights: Float32Array; // [patches, 4]
}

/** What one picture will become: sizes and counts, before any pixel is processed. */
export interface PicturePlan {
  /** Pictures with the same key may share a run. */
  readonly key: string;
  /** Sequences of the tower: 1, or the tiles. */
  readonly sequences: number;
  /** Patches in each sequence. */
  readonly patches: number;
  /** Rows of one sequence in the tower's attention: its patches, and a class token if there is one. */
  readonly length: number;
  /** Visual tokens in the prompt. */
  readonly tokens: number;
  /** Rows that the tower returns for the picture, including constant ones. */
  readonly features: number;
  /** For each visual token, the row of the picture's features; null: in order. */
  readonly featureRows: Int32Array | null;
  /** Rows and columns of patches, for people and tests; for several tiles, of all of them together. */
  readonly grid: { readonly height: number; readonly width: number };
  /** Rows and columns of visual tokens, which M-RoPE spreads over. */
  readonly cells: { readonly height: number; readonly width: number };
  /** Sizes that the picture is resized to, one after the other. */
  readonly sizes: readonly ImageSize[];
}

/** Token ids, and which of them are placeholders for pictures, in order. */
export interface EncodedPrompt {
  ids: number[];
  /** How many of the last ids end every prompt, and are kept when it is cut. @default 0 */
  tail?: number;
  images: { start: number; tokens: number }[];
}

/** Rotary tables of the text tower, computed for each run. */
export interface TextRotary {
  /** The positions of {@link Positions} that it supports. */
  readonly positions: readonly Positions[];
  /** Sequences whose lengths have different keys never share a run, nor a table. */
  key(length: number): string;
  /** Tables of the positions 0 … rows-1, for sequences whose lengths have this key. // [rows, headDim/2] */
  sequence(rows: number, key: string): RotaryTables;
  /** Positions of a prompt on each axis, for `mrope`. // [3, tokens] */
  positionsOf(encoded: EncodedPrompt, pictures: readonly PicturePlan[]): Int32Array;
  /** Tables of given positions. // [3, n] → [n, headDim/2] */
  rows(positions: Int32Array): RotaryTables;
}
