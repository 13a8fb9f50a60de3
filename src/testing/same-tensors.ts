/** @file Comparing checkpoints in tests. */

import { expect } from 'vitest';
import type { Checkpoint } from '../checkpoint/index';

/** All rows of a tensor. */
export async function wholeTensor({ tensors }: Checkpoint, name: string): Promise<Float32Array> {
  return tensors.readRows(name, 0, tensors.info(name)!.shape[0]!);
}

/** Typed arrays compared at memcmp's speed, not element by element. */
export function expectSameBits(a: Float32Array, b: Float32Array): void {
  expect(Buffer.compare(new Uint8Array(a.buffer), new Uint8Array(b.buffer))).toBe(0);
}

/** Names, types, shapes and values are the same. */
export async function expectSameTensors(a: Checkpoint, b: Checkpoint): Promise<void> {
  expect([...a.tensors.names()].sort()).toEqual([...b.tensors.names()].sort());
  for (const name of a.tensors.names()) {
    const [{ place: _here, ...info }, { place: _there, ...other }] = [a.tensors.info(name)!, b.tensors.info(name)!];
    expect(info).toEqual(other);
    expectSameBits(await wholeTensor(a, name), await wholeTensor(b, name));
  }
}
