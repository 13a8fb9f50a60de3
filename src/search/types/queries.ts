/** @file What can be searched for, and what is found: public types. Plain data. */

import type { DeepReport, Pass } from './passes';
import type { IndexState } from './photo-index';
import type { PhotoFilter } from './pictures';
import type { Reason, TypedOptions, Understood } from './typed';

/** One part of a combined query. */
export interface QueryPart {
  /** Together with `image`, both are read as one input. */
  text?: string;
  /** A picture of your own, or one in the index. */
  image?: QueryImage;
  /** @default 1 */
  weight?: number;
}

/** A picture of your own, or one in the index. */
export type QueryImage = Blob | { id: number };

/** What to search for: a text, a picture or both, possibly combined with others, and what to leave out. */
export interface SearchQuery extends TypedOptions {
  /**
   * The query as a person typed it, instead of {@link text}: `dogs in Rome summer 2021 -people`. Words are searched for
   * in names, keywords and captions and by the model; dates and places act as filters; parts with `+` and `-` are added
   * to {@link combine} and {@link exclude}.
   */
  typed?: string;
  /** Together with `image`, both are read as one input: "this, but at night". */
  text?: string;
  /** A picture of your own, or one in the index. */
  image?: QueryImage;
  /** Further things to search for; their vectors are added. */
  combine?: readonly QueryPart[];
  /** What results should not resemble. */
  exclude?: readonly QueryPart[];
  /**
   * The instruction for `text` and `image`. For VLM2Vec and other models that read complete prompts, this is a template
   * with `{text}` and `{image}` where they belong; the default is MMEB's template for the kind of query
   * (`queryTemplate`). For a recipe with templates of its own, it is the instruction, if the recipe takes one; the
   * default is the recipe's own.
   */
  instruction?: string;
  /** Only these pictures. */
  filter?: PhotoFilter;
  /** @default 200 */
  limit?: number;
}

/** A picture that was found. */
export interface SearchHit {
  /** `PhotoItem.id` */
  id: number;
  /**
   * Cosine similarity, −1 to 1 (for combined parts: with their sum, scaled to unit length); NaN if no model was used.
   */
  score: number;
  /** How many standard deviations the score is above the mean of all pictures; NaN if no model was used. */
  z: number;
  /** Which model gave the score. Scores of different models cannot be compared. */
  pass: Pass;
  /** For a typed query: why the picture was found. Empty for pictures that do not stand out. */
  why?: readonly Reason[];
}

/** What `PhotoIndex.search` found. */
export interface SearchResult {
  /**
   * Results, best first. With a deep model, those that stand out by its scores come first, then those it has not
   * embedded yet that stand out by the scores of the first pass, then the others in the same order.
   */
  hits: SearchHit[];
  /** How many of the first `hits` stand out; the rest are less relevant. */
  relevantCount: number;
  /**
   * Even the best result is no better than chance would produce among this many pictures, so there may be no real
   * match.
   */
  weak: boolean;
  /** Number of pictures that pass the filter. */
  candidates: number;
  /** {@link IndexState.revision} at the time of the search. */
  revision: number;
  /** {@link IndexState.phase} at that time. Unless it is `idle`, pictures that are not indexed yet may be missing. */
  phase: IndexState['phase'];
  /** What the deep model contributed; null if only the first pass ranked the results. */
  deep: DeepReport | null;
  /** Why the deep model could not be used although there is one; null if it was used, or was not meant to be. */
  deepError: Error | null;
  /** For a typed query: how it was understood. */
  understood?: Understood;
  /** For a typed query: why names of places were not recognised although a gazetteer was configured. */
  placesError?: Error;
  /** Time spent embedding the query, comparing it with all pictures, and embedding pictures for the deep model. */
  milliseconds: { embed: number; score: number; deepen: number };
}
