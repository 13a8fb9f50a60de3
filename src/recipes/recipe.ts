/**
 * @file What a recipe is: how one published checkpoint is asked, as plain data. The architecture says what a checkpoint
 * computes; its recipe says which string, which pixels, which positions and which token its authors' numbers belong to. A
 * wrong one gives plausible vectors that are silently wrong.
 */

import type { ResizeStep } from '../image';

/** The side that an input is on: what is looked for with, and what is looked for. */
export type Role = 'query' | 'document';

/** What an input is made of. */
export type InputKind = 'text' | 'image' | 'both';

/** Strings with the slots {instruction}, {image} and {text}, by the sides and kinds that they serve. */
export type Templates = Readonly<Partial<Record<InputKind | 'any' | `${Role}.${InputKind}`, string>>>;

/** The caller's own string, as MMEB's evaluation and VLM2Vec train it. */
export interface RawPrompt {
  /** Between the picture's marker and the text, where the caller's text lacks the marker. */
  readonly separator: string;
  /** What ends the prompt of a picture with an instruction. */
  readonly end: string;
  /** The text of a picture that comes alone. */
  readonly imageAlone: string;
  /** Prompts of inputs that name a side: slots {image} and {text}. `query` by what is looked for. */
  readonly roles: {
    readonly query: Readonly<Record<'text' | 'image', Readonly<Partial<Record<InputKind, string>>>>>;
    readonly document: Readonly<Record<InputKind, string>>;
  };
}

/** A linear layer behind the final norm. */
export interface RecipeHead {
  /** Canonical name of its matrix in the checkpoint. // [size, hidden] */
  readonly weight: string;
  /** Canonical name of what is added to it; none where it is absent. // [size] */
  readonly bias?: string;
  /** Length of a vector. */
  readonly size: number;
}

/** How one published checkpoint, or a family of them, is asked. */
export interface Recipe {
  /** Names it in options, in bundles and in messages. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** Architectures that it is for, by their names in `bundle.json`. */
  readonly architectures: readonly string[];
  /** Repositories on the Hub whose recipe this is. */
  readonly hub: readonly string[];
  /** The base model, where the weights are an adapter for it. */
  readonly base?: string;
  /**
   * What one picture is in the string; its image token is repeated for the visual tokens.
   * @default the architecture's image token alone
   */
  readonly marker?: string;
  /** The string: the caller's own (`raw`), or templates that its parts are set into. */
  readonly prompt: { readonly raw: RawPrompt } | { readonly templates: Templates };
  /** What {instruction} is where the caller gives none. Sides that are not in `roles` always get the default. */
  readonly instruction?: {
    readonly default: string;
    readonly roles?: readonly Role[];
    /** The caller's is stripped of white space and gets a full stop, unless punctuation ends it; an empty one is none. */
    readonly sentence?: true;
  };
  /** The text of an input that has neither text nor picture, which is an error otherwise. */
  readonly nothing?: string;
  /** Set before the text when asked for, by name. */
  readonly prefixes?: Readonly<Record<string, string>>;
  /** Size of the black picture that a text-only input carries. */
  readonly blank?: readonly [width: number, height: number];
  /** Most pictures of one input. @default 1 for raw prompts; any number for templates */
  readonly maxImages?: number;
  /** `1d`: each token at its index. `mrope`: a picture spreads over rows and columns. */
  readonly positions: '1d' | 'mrope';
  /** `last`: the last token's state. `all`: every token's, each a vector of its own. */
  readonly pooling: 'last' | 'all';
  /** A linear layer that the vector goes through; kept in the bundle, so another one needs another conversion. */
  readonly head?: RecipeHead;
  /** Lengths that a vector may be cut to (and then made unit length again); `to`: any length from there up. */
  readonly dims?: { readonly sizes: readonly number[] } | { readonly from: number };
  /** What happens to a picture's size before it is cut into patches. */
  readonly resize: readonly ResizeStep[];
  /** What becomes of a picture's transparency, where its file has colours and an alpha channel. @default 'drop' */
  readonly transparency?: 'drop' | 'white';
  /** Longest sequence; longer inputs are refused. @default the model's */
  readonly maxTokens?: number;
  /** Instead of refusing it, a longer sequence is cut there, through a template's own words if need be; not through pictures. */
  readonly overlong?: 'cut';
  /** How two embeddings are compared: `maxsim` goes with the pooling `all`, `cosine` with `last`. */
  readonly score: 'cosine' | 'maxsim';
  /** Of the published weights. */
  readonly licence: Licence;
  /** Where the steps come from. */
  readonly source: {
    /** Repository or card, file and commit. */
    readonly code: string;
    /** Releases of transformers in which the authors' code gives these vectors. */
    readonly transformers: string;
  };
  /** Published means, by model size; absent where none was found. */
  readonly scores?: readonly PublishedScore[];
}

/** What the weights may be used for. */
export interface Licence {
  /** Of the weights; null where it is not known. */
  readonly name: string | null;
  /** Whether commercial use is allowed; null where it is not known. */
  readonly commercial: boolean | null;
}

/** What the authors, or a leaderboard, published of a checkpoint. */
export interface PublishedScore {
  /** Which checkpoint: `2B` */
  readonly model: string;
  /** `MMEB image (36 sets)` */
  readonly benchmark: string;
  /** Mean over the benchmark's sets, 0 to 100. */
  readonly percent: number;
}
