/**
 * @file The self-test. At conversion the CPU embeds fixed inputs; on first use on a device the same inputs are embedded
 * again and compared, which catches wrong shaders, wrong drivers and overflowing activations alike.
 */

import { ProbeError } from '../errors';
import { base64ToBytes, bytesToBase64 } from '../bundle/base64';
import type { BundleManifest, ProbeCase } from '../bundle/manifest';
import { probePicture } from '../bundle/probe-picture';
import type { Rung } from './ladder';
import type { InputParts } from './types';

/** What an embedder must do to be probed. */
export interface Probed {
  embed(inputs: InputParts[]): Promise<Float32Array[]>;
}

export interface ProbeOutcome {
  passed: boolean;
  /** The worst of all cases. */
  cosine: number;
  /** Which case failed and by how much; null when passed. */
  reason: string | null;
}

/**
 * The least cosine that passes.
 * f32: what separates two right implementations is rounding (measured below 1e-9 from 1 over a whole tiny model, CPU
 * against WebGPU), while a wrong attention kernel is off by percents: 0.99999 leaves room on both sides.
 * f16: rounding to 11 bits in every layer is expected; 0.999 is where rankings start to change.
 */
export const LEAST_COSINE = { f32: 0.99999, f16: 0.999 } as const;

/**
 * Over 64 tokens in any vocabulary, because attention kernels change at 32 and 64 tokens; and a picture of
 * 80 patches (where the model's pixel limits allow) beside a short text.
 */
const CASES: readonly Omit<ProbeCase, 'embedding'>[] = [
  {
    name: 'long-text',
    text:
      'A weathered wooden sailing boat with two red masts lies at anchor in a quiet harbour, while on the quay three ' +
      'children in yellow raincoats feed bread to seven grey gulls. Behind them, narrow houses painted blue, green and ' +
      'white climb a steep hill towards an old stone church whose clock shows half past nine. Thin clouds drift over ' +
      'the bay, and far out, near the lighthouse, a ferry turns slowly into the wind.\n',
    picture: null,
  },
  { name: 'short-text', text: 'two dogs on a beach', picture: null },
  { name: 'picture', text: '<image>\nRepresent the given image.\n', picture: { width: 140, height: 112, seed: 7 } },
];

/** The inputs of the probe, in the order of `cases`. */
export function probeInputs(cases: readonly Omit<ProbeCase, 'embedding'>[]): InputParts[] {
  return cases.map(({ text, picture }) => (picture ? { text, image: probePicture(picture) } : { text }));
}

/** Embeds the fixed inputs with `embedder`, for `bundle.json`. */
export async function makeProbe(embedder: Probed, manifest: BundleManifest): Promise<ProbeCase[]> {
  const cases = CASES.map((item) => ({ ...item, text: item.text.replace('<image>', manifest.prompts.imageToken) }));
  const vectors = await embedder.embed(probeInputs(cases));
  return cases.map((item, i) => {
    const vector = vectors[i]!;
    if (!vector.every(Number.isFinite)) {
      throw new ProbeError(`The converted model gives no finite embedding for its probe '${item.name}'.`, {
        probe: item.name,
      });
    }
    return { ...item, embedding: toBase64(vector) };
  });
}

/** Embeds the bundle's probe and compares. */
export async function runProbe(embedder: Probed, manifest: BundleManifest, rung: Rung): Promise<ProbeOutcome> {
  const vectors = await embedder.embed(probeInputs(manifest.probe));
  return compareProbe(manifest.probe, vectors, LEAST_COSINE[rung.activations]);
}

/** Compares embeddings with the ones the bundle promises; a value that is not finite fails. */
export function compareProbe(
  cases: readonly ProbeCase[],
  vectors: readonly Float32Array[],
  least: number,
): ProbeOutcome {
  let worst = 1;
  let reason: string | null = null;
  for (const [i, { name, embedding }] of cases.entries()) {
    const wanted = fromBase64(embedding);
    const found = vectors[i];
    const cosine = found && found.length === wanted.length ? cosineOf(wanted, found) : NaN;
    if (cosine >= least) {
      worst = Math.min(worst, cosine);
      continue;
    }
    const comparable = Number.isFinite(cosine) ? cosine : -1;
    if (reason === null || comparable < worst) {
      reason = `probe '${name}' gives cosine ${Number.isFinite(cosine) ? cosine.toFixed(6) : 'none (not finite)'}, needs ${least}`;
    }
    worst = Math.min(worst, comparable);
  }
  return { passed: reason === null, cosine: worst, reason };
}

/** Cosine of two vectors, in double precision. // [dims], [dims] */
export function cosineOf(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return dot / Math.sqrt(aa * bb);
}

/** Little-endian float32 in base64. */
export function toBase64(vector: Float32Array): string {
  const bytes = new Uint8Array(vector.length * 4);
  const view = new DataView(bytes.buffer);
  vector.forEach((value, i) => view.setFloat32(i * 4, value, true));
  return bytesToBase64(bytes);
}

export function fromBase64(text: string): Float32Array {
  const bytes = base64ToBytes(text);
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length >> 2 }, (_, i) => view.getFloat32(i * 4, true));
}
