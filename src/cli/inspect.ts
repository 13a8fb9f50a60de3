/** @file `vlm2vec inspect`: what a bundle holds. */

import type { BundleManifest } from '../bundle/manifest';
import { readManifest } from '../store';
import { printLine } from './output';
import { bundleAt } from './places';
import { printableLine } from './printable';

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`;

/** Bytes of the whole bundle without `bundle.json`: weights, graphs, embedding table, tokenizer. */
function totalBytes({ stages, embeddings, tokenizer }: BundleManifest): number {
  const files = [...stages.flatMap(({ weights, graph }) => [weights, graph]), embeddings, ...tokenizer.files];
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Plain data for `--json`. */
function summary(manifest: BundleManifest) {
  const { architecture, dims, dtype, stages, embeddings, image, prompts, source, version } = manifest;
  return {
    version,
    architecture,
    dims,
    dtype,
    stages: stages.map(({ name, kind, blocks, weights }) => ({ name, kind, blocks, bytes: weights.bytes })),
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

/** The same for people, one fact a line. */
export function describeBundle(label: string, manifest: BundleManifest): string[] {
  const { architecture, dims, dtype, stages, embeddings, source } = manifest;
  const origin = ({ id, revision }: { id: string; revision: string | null }) => (revision ? `${id}@${revision}` : id);
  const { adapter } = source;
  return [
    label,
    `  architecture  ${architecture}`,
    `  dims          ${dims}`,
    `  dtype         ${dtype}`,
    `  base          ${origin(source.base)}`,
    `  adapter       ${adapter === null ? 'none' : `${origin(adapter)} (${adapter.kind})`}`,
    `  bytes         ${totalBytes(manifest)} (${megabytes(totalBytes(manifest))})`,
    ...stages.map(
      ({ name, blocks, weights }) =>
        `  stage         ${name}: blocks ${blocks.first} to ${blocks.last - 1}, ${megabytes(weights.bytes)}`,
    ),
    `  embeddings    ${embeddings.rows} rows of ${embeddings.columns}, ${megabytes(embeddings.bytes)}`,
  ].map(printableLine);
}

export async function inspect(place: string, { json }: { json?: boolean }): Promise<void> {
  const manifest = await readManifest(await bundleAt(place));
  if (json) await printLine(JSON.stringify(summary(manifest), null, 2));
  else for (const line of describeBundle(place, manifest)) await printLine(line);
}
