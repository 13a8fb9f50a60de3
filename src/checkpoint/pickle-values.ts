/** @file What a pickle of tensors may consist of, and the few globals it may name. None of them does anything. */

import type { TensorDtype } from './types';

/** `torch.FloatStorage`, for instance: what a persistent id names as its type. */
export class StorageType {
  constructor(readonly dtype: TensorDtype) {}
}

/** A function of the allow-list. */
export class PickleFunction {
  constructor(readonly kind: 'OrderedDict' | 'rebuildTensor' | 'rebuildParameter') {}
}

/** One storage of the archive: entry `data/<key>`. */
export class StorageRef {
  constructor(
    readonly key: string,
    readonly dtype: TensorDtype,
    readonly elements: number,
  ) {}
}

/** A tensor over a storage; offset, shape and strides in elements, as the pickle states them, not yet checked. */
export class TensorRef {
  constructor(
    readonly storage: StorageRef,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** A Python tuple. */
export class Tuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** An `OrderedDict` or `dict`. */
export class PickleDict {
  readonly entries = new Map<string | number, PickleValue>();
}

/** Where a MARK opcode was. */
export class Mark {
  readonly isMark = true;
}

export type PickleValue =
  | string
  | number
  | boolean
  | null
  | PickleValue[]
  | Tuple
  | PickleDict
  | StorageType
  | PickleFunction
  | StorageRef
  | TensorRef;

/** The globals a pickle may name. */
export const GLOBALS: ReadonlyMap<string, StorageType | PickleFunction> = new Map<string, StorageType | PickleFunction>(
  [
    ['collections.OrderedDict', new PickleFunction('OrderedDict')],
    ['torch._utils._rebuild_tensor_v2', new PickleFunction('rebuildTensor')],
    ['torch._utils._rebuild_parameter', new PickleFunction('rebuildParameter')],
    ['torch.DoubleStorage', new StorageType('F64')],
    ['torch.FloatStorage', new StorageType('F32')],
    ['torch.HalfStorage', new StorageType('F16')],
    ['torch.BFloat16Storage', new StorageType('BF16')],
    ['torch.LongStorage', new StorageType('I64')],
    ['torch.IntStorage', new StorageType('I32')],
    ['torch.ShortStorage', new StorageType('I16')],
    ['torch.CharStorage', new StorageType('I8')],
    ['torch.ByteStorage', new StorageType('U8')],
    ['torch.BoolStorage', new StorageType('BOOL')],
  ],
);
