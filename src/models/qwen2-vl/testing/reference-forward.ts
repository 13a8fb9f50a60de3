/**
 * @file Qwen2-VL as plain loops in float64: the mathematics of spec sections 5.4 and 5.5 in their most readable form,
 * with tensor names as in the checkpoint. Tests compare the graphs with it. Slow on purpose.
 */

import type { Qwen2VLConfig } from '../config';

export interface Tensor {
  shape: number[];
  data: Float32Array;
}

/** A checkpoint, by its own tensor names. */
export type Weights = ReadonlyMap<string, Tensor>;

type Row = Float64Array<ArrayBuffer>;

/** Rows of equal length. */
type Rows = Row[]; // [n, d]

/** Patches [P, 588] → visual tokens [P/4, hidden]. */
export function visionForward(
  config: Qwen2VLConfig,
  weights: Weights,
  patches: Float32Array,
  grid: { height: number; width: number },
): Rows {
  const { vision } = config;
  const get = reader(weights);
  const length = vision.channels * vision.patchSize ** 2;
  // The patch kernel sees the same frame twice. [embedDim, channels, 2, p, p]
  const kernel = get('visual.patch_embed.proj.weight').data;
  const plane = vision.patchSize ** 2;
  const twice = rows(patches, length).map((patch) => {
    const both = new Float64Array(2 * length);
    for (let c = 0; c < vision.channels; c++) {
      for (let i = 0; i < plane; i++) both[2 * c * plane + i] = both[(2 * c + 1) * plane + i] = patch[c * plane + i]!;
    }
    return both;
  });
  let x = twice.map((patch) => matVec({ shape: [vision.embedDim, 2 * length], data: kernel }, patch));

  const angles = x.map((_, patch) => visionAngles(config, grid, patch));
  for (let block = 0; block < vision.depth; block++) {
    const name = `visual.blocks.${block}`;
    const normed = x.map((row) => layerNorm(get, `${name}.norm1`, row));
    const qkv = normed.map((row) => linear(get, `${name}.attn.qkv`, row)); // [P, 3*embedDim], head-major
    const part = (k: number) => qkv.map((row) => row.subarray(k * vision.embedDim, (k + 1) * vision.embedDim));
    const q = part(0).map((row, n) => rotate(row, vision.headDim, angles[n]!));
    const k = part(1).map((row, n) => rotate(row, vision.headDim, angles[n]!));
    const attended = attention(q, k, part(2), { headDim: vision.headDim, causal: false });
    x = x.map((row, n) => add(row, linear(get, `${name}.attn.proj`, attended[n]!)));
    x = x.map((row) => {
      const up = linear(get, `${name}.mlp.fc1`, layerNorm(get, `${name}.norm2`, row));
      const active = up.map((z) => z / (1 + Math.exp(-1.702 * z)));
      return add(row, linear(get, `${name}.mlp.fc2`, active));
    });
  }

  const normed = x.map((row) => layerNorm(get, 'visual.merger.ln_q', row));
  const merged: Rows = [];
  for (let i = 0; i < normed.length; i += vision.mergeSize ** 2) {
    const four = Float64Array.from(normed.slice(i, i + vision.mergeSize ** 2).flatMap((row) => [...row]));
    const inner = linear(get, 'visual.merger.mlp.0', four);
    merged.push(
      linear(
        get,
        'visual.merger.mlp.2',
        inner.map((z) => (z * (1 + erf(z / Math.SQRT2))) / 2),
      ),
    );
  }
  return merged;
}

/** Input embeddings of one sequence → its unit vector. `trace` receives the residual stream after each layer. */
export function textForward(
  config: Qwen2VLConfig,
  weights: Weights,
  embeddings: readonly ArrayLike<number>[],
  trace?: (layer: number, hidden: Rows) => void,
): Row {
  const { heads, kvHeads, headDim } = config;
  const get = reader(weights);
  let x = embeddings.map((row) => Float64Array.from(row));
  const angles = x.map((_, position) => textAngles(config, position));
  for (let layer = 0; layer < config.layers; layer++) {
    const name = `model.layers.${layer}`;
    const normed = x.map((row) => rmsNorm(config, get, `${name}.input_layernorm`, row));
    const project = (kind: string) => normed.map((row) => linear(get, `${name}.self_attn.${kind}_proj`, row));
    const q = project('q').map((row, n) => rotate(row, headDim, angles[n]!));
    const k = project('k').map((row, n) => rotate(row, headDim, angles[n]!));
    const attended = attention(q, k, project('v'), { headDim, causal: true, queriesPerKey: heads / kvHeads });
    x = x.map((row, n) => add(row, linear(get, `${name}.self_attn.o_proj`, attended[n]!)));
    x = x.map((row) => {
      const h = rmsNorm(config, get, `${name}.post_attention_layernorm`, row);
      const gate = linear(get, `${name}.mlp.gate_proj`, h);
      const up = linear(get, `${name}.mlp.up_proj`, h);
      return add(
        row,
        linear(
          get,
          `${name}.mlp.down_proj`,
          gate.map((z, i) => (z / (1 + Math.exp(-z))) * up[i]!),
        ),
      );
    });
    trace?.(layer, x);
  }
  const last = rmsNorm(config, get, 'model.norm', x.at(-1)!);
  const norm = Math.sqrt(last.reduce((sum, v) => sum + v * v, 0));
  return last.map((v) => v / Math.max(norm, 1e-12));
}

type Get = (name: string) => Tensor;

function reader(weights: Weights): Get {
  return (name) => {
    const tensor = weights.get(name);
    if (!tensor) throw new Error(`no tensor ${name}`);
    return tensor;
  };
}

function rows(data: ArrayLike<number>, length: number): Rows {
  return Array.from({ length: data.length / length }, (_, n) =>
    Float64Array.from({ length }, (_, i) => data[n * length + i]!),
  );
}

function add(a: Row, b: Row): Row {
  return a.map((value, i) => value + b[i]!);
}

function matVec({ shape, data }: Tensor, x: Row): Row {
  const [out, inn] = shape as [number, number];
  const y = new Float64Array(out);
  for (let o = 0; o < out; o++) {
    let sum = 0;
    for (let i = 0, w = o * inn; i < inn; i++, w++) sum += data[w]! * x[i]!;
    y[o] = sum;
  }
  return y;
}

/** Wx + b, if there is a bias. */
function linear(get: Get, name: string, x: Row): Row {
  const y = matVec(get(`${name}.weight`), x);
  if (/(o|gate|up|down)_proj$/.test(name)) return y;
  const bias = get(`${name}.bias`).data;
  return y.map((value, i) => value + bias[i]!);
}

function layerNorm(get: Get, name: string, x: Row): Row {
  const gamma = get(`${name}.weight`).data;
  const beta = get(`${name}.bias`).data;
  const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
  const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
  return x.map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-6)) * gamma[i]! + beta[i]!);
}

function rmsNorm(config: Qwen2VLConfig, get: Get, name: string, x: Row): Row {
  const gamma = get(`${name}.weight`).data;
  const meanSquare = x.reduce((sum, v) => sum + v * v, 0) / x.length;
  return x.map((v, i) => (v / Math.sqrt(meanSquare + config.rmsEps)) * gamma[i]!);
}

/** y = x·cos + rotate_half(x)·sin in every head. */
function rotate(x: Row, headDim: number, angles: Row): Row {
  const y = new Float64Array(x.length);
  const half = headDim / 2;
  for (let head = 0; head < x.length; head += headDim) {
    for (let j = 0; j < half; j++) {
      const [a, b] = [x[head + j]!, x[head + j + half]!];
      y[head + j] = a * Math.cos(angles[j]!) - b * Math.sin(angles[j]!);
      y[head + j + half] = b * Math.cos(angles[j]!) + a * Math.sin(angles[j]!);
    }
  }
  return y;
}

function textAngles(config: Qwen2VLConfig, position: number): Row {
  const { headDim, ropeTheta } = config;
  return Float64Array.from({ length: headDim / 2 }, (_, i) => position * ropeTheta ** ((-2 * i) / headDim));
}

function visionAngles(config: Qwen2VLConfig, grid: { height: number; width: number }, patch: number): Row {
  const dim = config.vision.headDim / 2;
  // Patches come block by block of 2×2, row by row within a block.
  const [block, inBlock] = [Math.floor(patch / 4), patch % 4];
  const row = 2 * Math.floor(block / (grid.width / 2)) + Math.floor(inBlock / 2);
  const column = 2 * (block % (grid.width / 2)) + (inBlock % 2);
  return Float64Array.from({ length: dim }, (_, j) => {
    const i = j % (dim / 2);
    return (j < dim / 2 ? row : column) * 10000 ** ((-2 * i) / dim);
  });
}

function attention(
  q: Rows,
  k: Rows,
  v: Rows,
  options: { headDim: number; causal: boolean; queriesPerKey?: number },
): Rows {
  const { headDim, causal, queriesPerKey = 1 } = options;
  return q.map((query, n) => {
    const out = new Float64Array(query.length);
    const keys = causal ? n + 1 : k.length;
    for (let head = 0; head < query.length / headDim; head++) {
      const at = head * headDim;
      const kvAt = Math.floor(head / queriesPerKey) * headDim;
      const scores = Float64Array.from({ length: keys }, (_, m) => {
        let dot = 0;
        for (let j = 0; j < headDim; j++) dot += query[at + j]! * k[m]![kvAt + j]!;
        return dot / Math.sqrt(headDim);
      });
      const max = scores.reduce((a, b) => Math.max(a, b), -Infinity);
      const exps = scores.map((s) => Math.exp(s - max));
      const total = exps.reduce((sum, e) => sum + e, 0);
      for (let m = 0; m < keys; m++) {
        for (let j = 0; j < headDim; j++) out[at + j]! += (exps[m]! / total) * v[m]![kvAt + j]!;
      }
    }
    return out;
  });
}

/** The error function by its power series, or its continued fraction if that converges better. */
export function erf(x: number): number {
  if (Math.abs(x) < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 && n < 200; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (Math.abs(x) + fraction);
  const tail = Math.exp(-x * x) / Math.sqrt(Math.PI) / (Math.abs(x) + fraction);
  return Math.sign(x) * (1 - tail);
}
