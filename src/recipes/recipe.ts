/**
 * @file What a recipe is: how inputs are presented to one published checkpoint, as plain data. The architecture defines
 * what a checkpoint computes; its recipe defines the string, pixels, positions and token with which its authors
 * obtained their results. A wrong recipe silently gives plausible but wrong vectors.
 */

import type { ResizeStep } from '../image';

/** The role of an input: what you search with (`query`), or what you search for (`document`). */
export type Role = 'query' | 'document';

/** What an input consists of. */
export type InputKind = 'text' | 'image' | 'both';

/** Strings with the slots {instruction}, {image} and {text}, by the roles and kinds of input that they apply to. */
export type Templates = Readonly<Partial<Record<InputKind | 'any' | `${Role}.${InputKind}`, string>>>;

/** The caller's own string, as used in VLM2Vec's training and MMEB's evaluation. */
export interface RawPrompt {
  /** Put between the picture's marker and the text if the caller's text lacks the marker. */
  readonly separator: string;
  /** The end of the prompt for a picture with an instruction. */
  readonly end: string;
  /** The text used for a picture without text. */
  readonly imageAlone: string;
  /**
   * Prompts for inputs with a role, with the slots {image} and {text}; those of `query` depend on what is searched for.
   */
  readonly roles: {
    readonly query: Readonly<Record<'text' | 'image', Readonly<Partial<Record<InputKind, string>>>>>;
    readonly document: Readonly<Record<InputKind, string>>;
  };
}

/** A linear layer after the final norm. */
export interface RecipeHead {
  /** Canonical name of its matrix in the checkpoint. // [size, hidden] */
  readonly weight: string;
  /** Canonical name of its bias; absent if it has none. // [size] */
  readonly bias?: string;
  /** Length of a vector. */
  readonly size: number;
}

/** How inputs are presented to one published checkpoint, or to a family of them. */
export interface Recipe {
  /** Its name in options, in bundles and in messages. */
  readonly name: string;
  /** A name to display. */
  readonly title: string;
  /** The architectures it applies to, by their names in `bundle.json`. */
  readonly architectures: readonly string[];
  /** The repositories on the Hub that use this recipe. */
  readonly hub: readonly string[];
  /** The base model, if the weights are an adapter for it. */
  readonly base?: string;
  /**
   * What stands for one picture in the string; its image token is repeated for the visual tokens.
   * @default the architecture's image token alone
   */
  readonly marker?: string;
  /** The string: the caller's own (`raw`), or templates that its parts are inserted into. */
  readonly prompt: { readonly raw: RawPrompt } | { readonly templates: Templates };
  /** The value of {instruction} if the caller gives none. Roles that are not in `roles` always get the default. */
  readonly instruction?: {
    readonly default: string;
    readonly roles?: readonly Role[];
    /**
     * The caller's instruction is stripped of white space and gets a full stop unless it ends with punctuation; an
     * empty one counts as none.
     */
    readonly sentence?: true;
  };
  /** The text used for an input that has neither text nor picture; without this, such an input is an error. */
  readonly nothing?: string;
  /** Prefixes by name, put before the text on request. */
  readonly prefixes?: Readonly<Record<string, string>>;
  /** Size of the black picture that a text-only input carries. */
  readonly blank?: readonly [width: number, height: number];
  /** The most pictures that one input may have. @default 1 for raw prompts; any number for templates */
  readonly maxImages?: number;
  /** `1d`: each token at its index. `mrope`: a picture spreads over rows and columns. */
  readonly positions: '1d' | 'mrope';
  /** `last`: the state of the last token. `all`: the states of all tokens, each as a vector of its own. */
  readonly pooling: 'last' | 'all';
  /**
   * A linear layer that is applied to the vector. It is stored in the bundle, so a different one needs a new
   * conversion.
   */
  readonly head?: RecipeHead;
  /**
   * Lengths that a vector may be cut to (it is then scaled to unit length again); `from`: any length of at least this.
   */
  readonly dims?: { readonly sizes: readonly number[] } | { readonly from: number };
  /** What happens to a picture's size before it is cut into patches. */
  readonly resize: readonly ResizeStep[];
  /** How transparency is handled if a picture's file has colours and an alpha channel. @default 'drop' */
  readonly transparency?: 'drop' | 'white';
  /** Longest sequence; longer inputs are refused. @default the model's */
  readonly maxTokens?: number;
  /**
   * A longer sequence is cut at that length instead of being refused, even within a template's own words if necessary,
   * but not within pictures.
   */
  readonly overlong?: 'cut';
  /** How two embeddings are compared: `maxsim` belongs to the pooling `all`, `cosine` to `last`. */
  readonly score: 'cosine' | 'maxsim';
  /** The licence of the published weights. */
  readonly licence: Licence;
  /** Where these details come from. */
  readonly source: {
    /** Repository or model card, file and commit. */
    readonly code: string;
    /** Releases of transformers in which the authors' code gives these vectors. */
    readonly transformers: string;
  };
  /** Published mean scores, by model size; absent if none were found. */
  readonly scores?: readonly PublishedScore[];
}

/** What the weights may be used for. */
export interface Licence {
  /** The licence of the weights; null if it is not known. */
  readonly name: string | null;
  /** Whether commercial use is allowed; null if it is not known. */
  readonly commercial: boolean | null;
}

/** A score that the authors or a leaderboard published for a checkpoint. */
export interface PublishedScore {
  /** Which checkpoint: `2B` */
  readonly model: string;
  /** `MMEB image (36 sets)` */
  readonly benchmark: string;
  /** Mean over the benchmark's datasets, 0 to 100. */
  readonly percent: number;
}
