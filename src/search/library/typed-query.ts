/** @file The steps of a typed query, the same for every index: what was typed is understood, looked for by its words, and given to the model. */

import { InvalidInputError } from '../../errors';
import { localWallClock } from '../facts/dates';
import { ownLanguages } from '../query/dates/languages';
import type { ParsedQuery } from '../query/parse-query';
import type { Matching } from '../query/understand';
import type { QueryPart, SearchQuery, TypedOptions, Understood } from '../types';
import type { VectorQuery } from './find';

/** How an index takes each step. */
export interface TypedSteps<Found, Told> {
  /** `told`: what results say about the query. */
  understand(
    typed: string,
    options: TypedOptions & { now: number; languages: readonly string[] },
  ): Promise<{ matching: Matching; told: Told }>;
  /** Searches by words, dates and places alone. */
  findWords(query: VectorQuery): Promise<Found>;
  /** Searches by the model, and by words. Called only if something is left to ask the model for. */
  ask(query: SearchQuery, matching: Matching, told: Told): Promise<Found>;
  /** Receives the results by words before the model is asked. */
  onWords?(found: Found & Told): void;
}

/** @throws InvalidInputError if nothing is left to look for; whatever the steps throw */
export async function typedQuery<Found extends object, Told extends { understood: Understood }>(
  { typed = '', now, languages, dayFirst, asWords, ...given }: SearchQuery,
  steps: TypedSteps<Found, Told>,
): Promise<Found & Told> {
  const options = {
    ...{ now: now ?? localWallClock(Date.now()), languages: languages ?? ownLanguages() },
    ...{ dayFirst, asWords },
  };
  const { matching, told } = await steps.understand(typed, options);
  const wanted = withTyped(given, told.understood.parsed);
  const isAsked = asksAnything(wanted);
  if (!isAsked && matching.only.length === 0) throw new InvalidInputError('The query is empty.');
  if (!isAsked || steps.onWords) {
    const { filter, limit } = given;
    const found = await steps.findWords({
      include: [],
      exclude: [],
      omit: picturesOf(wanted),
      filter,
      limit,
      matching,
    });
    if (!isAsked) return { ...found, ...told };
    steps.onWords?.({ ...found, ...told });
  }
  return { ...(await steps.ask(wanted, matching, told)), ...told };
}

/** Whether anything is left for a model, or for the vector of a picture. */
function asksAnything({ text, image, combine = [] }: SearchQuery): boolean {
  return Boolean(text) || image !== undefined || combine.length > 0;
}

/** What was typed, in addition to the rest of the query. */
function withTyped(query: SearchQuery, { text, also, exclude }: ParsedQuery): SearchQuery {
  const words = (all: readonly string[]): QueryPart[] => all.map((each) => ({ text: each }));
  const combine = [...words(also), ...(query.combine ?? [])];
  const without = [...words(exclude), ...(query.exclude ?? [])];
  return {
    ...query,
    ...(text && { text }),
    ...(combine.length > 0 && { combine }),
    ...(without.length > 0 && { exclude: without }),
  };
}

/** Pictures of the index that are part of a query. */
function picturesOf({ image, combine = [] }: SearchQuery): number[] {
  return [{ image }, ...combine].flatMap(({ image: each }) => (each && 'id' in each ? [each.id] : []));
}
