/**
 * @file The self-test. At conversion the CPU embeds fixed inputs; on first use on a device the same inputs are embedded
 * again and compared, which catches wrong shaders, wrong drivers and overflowing activations alike.
 */

import { ProbeError } from '../errors';
import { base64ToBytes, bytesToBase64 } from '../bundle/base64';
import type { ProbeCase } from '../bundle/manifest';
import { probePicture } from '../bundle/probe-picture';
import { bucket } from './batching';
import { allowedLoss, FAST_LOSS, isInDoubt, modelF16Loss } from './probe-bounds';
import { F16_CASES, probeCases, type ProbeInput, type ProbeOptions } from './probe-cases';
import type { Activations, Compute, InputParts } from './types';

/** What an embedder must support to be probed. */
export interface Probed {
  embed(inputs: InputParts[]): Promise<Float32Array[]>;
  /** The same, each run by itself: in one run the longest would decide the kernels for all. // [runs][inputs][dims] */
  embedRuns(runs: InputParts[][]): Promise<Float32Array[][]>;
  /** The number of tokens of a text. */
  tokens(text: string): Promise<number>;
}

export interface ProbeOutcome {
  passed: boolean;
  /** The worst cosine of all cases. */
  cosine: number;
  /** Which case failed and by how much; null if it passed. */
  reason: string | null;
}

export interface ProbeRun {
  /** The bundle's probe. */
  cases: readonly ProbeCase[];
  activations: Activations;
  /** @default 'exact' */
  compute?: Compute;
  /** Measures what f16 costs on the CPU, if an older bundle does not say; see {@link measureF16Loss}. */
  measure(): Promise<number>;
  /**
   * Embeds at f32 on the device that is probed at f16; null if that cannot be done beside it: in doubt, the probe then
   * fails.
   */
  control: ((inputs: InputParts[]) => Promise<Float32Array[]>) | null;
}

/** The inputs of the probe, in the order of `cases`. */
export function probeInputs(cases: readonly ProbeInput[]): InputParts[] {
  return cases.map(({ text, picture }) => (picture ? { text, image: probePicture(picture) } : { text }));
}

/** Embeds the fixed inputs with `embedder`, which runs at f32, for `bundle.json`. */
export async function makeProbe(embedder: Probed, options: ProbeOptions): Promise<ProbeCase[]> {
  const cases = await probeCases(options, (text) => embedder.tokens(text));
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

/** The cases, with what f16 costs in those on which it is measured. `embedder` runs on the CPU at f16. */
export async function withF16Loss(embedder: Probed, cases: readonly ProbeCase[]): Promise<ProbeCase[]> {
  const measured = cases.filter(({ name }) => F16_CASES.includes(name));
  const losses = await f16Losses(embedder, measured);
  return cases.map((item) => {
    const at = measured.indexOf(item);
    return at < 0 ? item : { ...item, f16Loss: losses[at]! };
  });
}

/** What f16 costs a model whose bundle does not say. `embedder` runs on the CPU at f16. */
export async function measureF16Loss(embedder: Probed, cases: readonly ProbeCase[]): Promise<number> {
  return Math.max(...(await f16Losses(embedder, cases)));
}

/** 2, the maximum, if f16 overflows. */
async function f16Losses(embedder: Probed, cases: readonly ProbeCase[]): Promise<number[]> {
  const vectors = await embedder.embed(probeInputs(cases));
  return cases.map(({ embedding }, i) => {
    const loss = 1 - cosineOf(fromBase64(embedding), vectors[i]!);
    return Number.isFinite(loss) ? Math.max(0, loss) : 2;
  });
}

/**
 * Embeds the bundle's probe and compares. If f16 loses more than it does on small models, the case that loses most
 * must be right at f32 on the same device: both use the same kernels, and rounding does not hide their errors there.
 */
export async function runProbe(embedder: Probed, run: ProbeRun): Promise<ProbeOutcome> {
  const { cases, activations, compute } = run;
  const vectors = await embedInRuns(embedder, cases);
  const cosines = cosinesOf(cases, vectors);
  const worst = cosines.reduce((least, cosine, i) => (cosine < cosines[least]! ? i : least), 0);
  if (compute === 'fast') return judge(cases, cosines, FAST_LOSS);
  if (activations === 'f32' || !isInDoubt(1 - cosines[worst]!)) {
    return judge(cases, cosines, allowedLoss(activations, modelF16Loss(cases)));
  }
  if (!run.control) return judge(cases, cosines, allowedLoss('f16', null));
  const outcome = judge(cases, cosines, allowedLoss('f16', modelF16Loss(cases) ?? (await run.measure())));
  if (!outcome.passed) return outcome;
  const doubted = [cases[worst]!];
  const exact = compareProbe(doubted, await run.control(probeInputs(doubted)), allowedLoss('f32', null));
  return exact.passed ? outcome : { ...outcome, passed: false, reason: `not rounding: at f32, ${exact.reason}` };
}

/** Texts that are rounded up to the same length run together, all others alone. */
async function embedInRuns(embedder: Probed, cases: readonly ProbeInput[]): Promise<Float32Array[]> {
  const inputs = probeInputs(cases);
  const runs = new Map<string, number[]>();
  for (const [i, { text, picture }] of cases.entries()) {
    const run = picture ? `picture ${i}` : `text ${bucket(await embedder.tokens(text))}`;
    runs.set(run, [...(runs.get(run) ?? []), i]);
  }
  const indices = [...runs.values()];
  const found = await embedder.embedRuns(indices.map((run) => run.map((i) => inputs[i]!)));
  const vectors = new Array<Float32Array>(cases.length);
  indices.forEach((run, r) => run.forEach((index, i) => (vectors[index] = found[r]![i]!)));
  return vectors;
}

/** Compares embeddings with the ones the bundle promises; a value that is not finite fails. */
export function compareProbe(
  cases: readonly ProbeCase[],
  vectors: readonly Float32Array[],
  allowed: number,
): ProbeOutcome {
  return judge(cases, cosinesOf(cases, vectors), allowed);
}

/**
 * Cosine with the bundle's embeddings; −1, the worst possible, for vectors that are not finite, missing or of another
 * length.
 */
function cosinesOf(cases: readonly ProbeCase[], vectors: readonly Float32Array[]): number[] {
  return cases.map(({ embedding }, i) => {
    const wanted = fromBase64(embedding);
    const found = vectors[i];
    const cosine = found && found.length === wanted.length ? cosineOf(wanted, found) : NaN;
    return Number.isFinite(cosine) ? cosine : -1;
  });
}

function judge(cases: readonly ProbeCase[], cosines: readonly number[], allowed: number): ProbeOutcome {
  const cosine = Math.min(1, ...cosines);
  if (1 - cosine <= allowed) return { passed: true, cosine, reason: null };
  const { name } = cases[cosines.indexOf(cosine)]!;
  const found = cosine === -1 ? 'none (not finite)' : cosine.toFixed(7);
  return {
    passed: false,
    cosine,
    reason: `probe '${name}' gives cosine ${found}, but needs ${Number((1 - allowed).toFixed(7))}`,
  };
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
