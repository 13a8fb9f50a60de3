/** @file `vlm2vec inspect`: what a bundle holds. */

import type { BundleManifest, BundleSource } from '../bundle/manifest';
import { recipeToJson, type PublishedScore, type Recipe } from '../recipes';
import { askedOf } from '../runtime';
import { readManifest } from '../store';
import { printLine } from './output';
import { bundleAt } from './places';
import { printableLine } from './printable';
import { describeLicence } from './recipe';

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`;

/** Bytes of the whole bundle without `bundle.json`: weights, graphs, embedding table, tokenizer. */
function totalBytes({ stages, embeddings, tokenizer }: BundleManifest): number {
  const files = [...stages.flatMap(({ weights, graph }) => [weights, graph]), embeddings, ...tokenizer.files];
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Lengths that vectors may have, the full one last: `256 to 1536`. */
function offeredDims({ dims: offered }: Recipe, full: number): string {
  if (offered === undefined) return String(full);
  if ('from' in offered) return `${Math.min(offered.from, full)} to ${full}`;
  return [...offered.sizes.filter((size) => size < full), full].join(', ');
}

/**
 * Averages that the authors published for this very checkpoint: only those of its size, if the repository's name
 * states it.
 */
function publishedScores({ hub, scores = [] }: Recipe, { base, adapter }: BundleSource): readonly PublishedScore[] {
  const id = [adapter?.id, base.id].find((each) => each !== undefined && hub.includes(each));
  if (id === undefined) return [];
  const ofSize = scores.filter(({ model }) => id.includes(model));
  return ofSize.length > 0 ? ofSize : scores;
}

/** Plain data for `--json`. `recipe` is the whole record, as `--recipe` takes it from a file. */
function summary(manifest: BundleManifest) {
  const { recipe, assumed } = askedOf(manifest);
  const { architecture, dims, dtype, stages, embeddings, image, prompts, source, version } = manifest;
  return {
    version,
    architecture,
    recipe: recipeToJson(recipe),
    assumed,
    published: publishedScores(recipe, source),
    dims,
    dtype,
    stages: stages.map(({ name, kind, steps, blocks, weights }) => ({
      ...{ name, kind, bytes: weights.bytes },
      ...(steps ? { steps } : { blocks }),
    })),
    embeddings: {
      rows: embeddings.rows,
      columns: embeddings.columns,
      dtype: embeddings.dtype,
      bytes: embeddings.bytes,
    },
    bytes: totalBytes(manifest),
    source,
    image,
    prompts,
    probe: manifest.probe.map(({ name }) => name),
  };
}

const span = ({ first, last }: { first: number; last: number }) => `${first} to ${last - 1}`;

/** The same for people, one fact per line. */
export function describeBundle(label: string, manifest: BundleManifest): string[] {
  const { architecture, dims, dtype, stages, embeddings, source } = manifest;
  const origin = ({ id, revision }: { id: string; revision: string | null }) => (revision ? `${id}@${revision}` : id);
  const { adapter } = source;
  const { recipe, assumed } = askedOf(manifest);
  return [
    label,
    `  architecture  ${architecture}`,
    `  recipe        ${recipe.name} (${recipe.title})`,
    ...(assumed === null ? [] : [`  assumed       ${assumed}`]),
    `  licence       ${describeLicence(recipe.licence)} (${recipe.title}'s published weights)`,
    `  positions     ${recipe.positions}`,
    `  pooling       ${recipe.pooling === 'all' ? 'all tokens, several vectors per input (MaxSim)' : 'last token'}`,
    `  dims          ${offeredDims(recipe, dims)}`,
    ...publishedScores(recipe, source).map(
      ({ model, benchmark, percent }) => `  published     ${percent} % on ${benchmark}, ${model}`,
    ),
    `  dtype         ${dtype}`,
    `  base          ${origin(source.base)}`,
    `  adapter       ${adapter === null ? 'none' : `${origin(adapter)} (${adapter.kind})`}`,
    `  bytes         ${totalBytes(manifest)} (${megabytes(totalBytes(manifest))})`,
    ...stages.map(
      ({ name, steps, blocks, weights }) =>
        `  stage         ${name}: ${steps ? `steps ${span(steps)}` : `blocks ${span(blocks!)}`}, ${megabytes(weights.bytes)}`,
    ),
    `  embeddings    ${embeddings.rows} rows of ${embeddings.columns}, ${megabytes(embeddings.bytes)}`,
  ].map(printableLine);
}

export async function inspect(place: string, { json }: { json?: boolean }): Promise<void> {
  const manifest = await readManifest(await bundleAt(place));
  if (json) await printLine(JSON.stringify(summary(manifest), null, 2));
  else for (const line of describeBundle(place, manifest)) await printLine(line);
}
