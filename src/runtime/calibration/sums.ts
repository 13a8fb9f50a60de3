/** @file Where moments are added up, in memory that is used again for each part of a model. */

import type { Tensor } from 'onnxruntime-common';
import { groupSizes, groupWidth, SKETCH_COLUMNS, sketchSize, triangle, type InputMoments } from '../../bundle/moments';
import type { MomentsOutput } from '../../models';
import type { Ort } from '../ort';
import type { Feeds } from '../stage';

/** Memory that is used again and again: new arrays of this size would pile up before they are collected. */
export class Scratch {
  #all = new Float32Array(0);

  /** Arrays of these lengths, filled with zeros, in place of those given before. */
  take(lengths: readonly number[]): Float32Array[] {
    const total = lengths.reduce((sum, length) => sum + length, 0);
    if (this.#all.length < total) this.#all = new Float32Array(total);
    else this.#all.fill(0, 0, total);
    let at = 0;
    return lengths.map((length) => this.#all.subarray(at, (at += length)));
  }
}

export function tensorIn(scratch: Scratch, shape: readonly number[], ort: Ort): Tensor {
  return new ort.Tensor('float32', scratch.take([shape.reduce((a, b) => a * b)])[0]!, shape);
}

/** `items` one after another, in groups as long as those of `like`. */
function deal<T>(items: readonly T[], like: readonly (readonly unknown[])[]): T[][] {
  let at = 0;
  return like.map(({ length }) => items.slice(at, (at += length)));
}

/** Moments that are zero. */
export function momentsIn(scratch: Scratch, outputs: readonly MomentsOutput[]): InputMoments[] {
  const lengths = outputs.map(({ columns, sketch }) => [
    ...groupSizes(columns).map(triangle),
    ...(sketch === null ? [] : [sketchSize(columns)]),
  ]);
  return deal(scratch.take(lengths.flat()), lengths).map((arrays, i) => {
    const { weights, columns, sketch } = outputs[i]!;
    return { weights, columns, sketch: sketch === null ? null : arrays.pop()!, groups: arrays };
  });
}

/** What the moments of a part are written to. */
export function momentTensors(outputs: readonly MomentsOutput[], scratch: Scratch, ort: Ort): Feeds {
  const shapes = outputs.flatMap(({ output, sketch, columns }): [string, number[]][] => [
    [output, [groupSizes(columns).length, groupWidth(columns), groupWidth(columns)]],
    ...(sketch === null ? [] : [[sketch, [columns, SKETCH_COLUMNS]] as [string, number[]]]),
  ]);
  const arrays = scratch.take(shapes.map(([, shape]) => shape.reduce((a, b) => a * b)));
  return Object.fromEntries(shapes.map(([name, shape], i) => [name, new ort.Tensor('float32', arrays[i]!, shape)]));
}

/** Adds those of one run. @param moments // [groups, width, width] @param sketch // [columns, 64] */
export function addTo(sums: InputMoments, moments: Float32Array, sketch: Float32Array | null): void {
  const width = groupWidth(sums.columns);
  groupSizes(sums.columns).forEach((n, group) => {
    const sum = sums.groups[group]!;
    let at = 0;
    for (let i = 0; i < n; i++) {
      const row = (group * width + i) * width;
      for (let k = i; k < n; k++) sum[at++]! += moments[row + k]!;
    }
  });
  if (sketch !== null) for (let i = 0; i < sketch.length; i++) sums.sketch![i]! += sketch[i]!;
}
