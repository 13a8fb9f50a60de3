/** @file The two numbers in a checkpoint that turn a cosine into a probability. */

import type { Logit } from '../bundle/manifest';
import type { TensorStore } from '../checkpoint/types';
import { CheckpointMismatchError } from '../errors';
import type { Network } from '../models';

/** @throws CheckpointMismatchError if one of them is missing, is not a single number, or makes no sense */
export async function readLogit(
  tensors: TensorStore,
  { scale, bias }: NonNullable<Network['logit']>,
  signal?: AbortSignal,
): Promise<Logit> {
  const numberOf = async (name: string): Promise<number> => {
    const shape = tensors.info(name)?.shape;
    if (shape === undefined) throw new CheckpointMismatchError(`The checkpoint lacks ${name}.`, { missing: [name] });
    if (shape.some((length) => length !== 1)) {
      throw new CheckpointMismatchError(`${name} has shape [${shape.join(', ')}], but one number is expected.`, {
        tensor: name,
        shape: [...shape],
      });
    }
    const [value] = await tensors.readRows(name, 0, 1, signal);
    if (Math.abs(value!) <= MOST[name === scale ? 'log' : 'plain']) return value!;
    throw new CheckpointMismatchError(`${name} is ${value}: the checkpoint is damaged.`, { tensor: name });
  };
  return { scale: Math.exp(await numberOf(scale)), bias: await numberOf(bias) };
}

/** Trained models have about 4.7 and -16. */
const MOST = { log: 20, plain: 1e6 };
