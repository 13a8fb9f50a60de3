/**
 * @file What a shard of an evaluation leaves beside its vectors, so that it is only joined with other shards of the
 * same evaluation.
 */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { JsonField } from '../bundle/json-field';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import type { ReportSubject, Shard, VectorOrigin } from '../eval';

export const PART_FILE = 'part.json';
const FORMAT = 'vlm2vec-mmeb-part';

export interface Part {
  origin: VectorOrigin;
  subject: ReportSubject;
  sets: string[];
  shard: Shard;
}

/** The part as it is written. */
export function partJson(part: Part): string {
  return `${JSON.stringify({ format: FORMAT, version: 1, ...part }, null, 2)}\n`;
}

/**
 * The parts in these folders, which must be all shards of one evaluation.
 * @throws InvalidInputError for parts that do not belong together, or are not complete
 */
export async function readParts(folders: readonly string[]): Promise<Part> {
  const parts = await Promise.all(folders.map(async (folder) => ({ folder, part: await readPart(folder) })));
  const [first, ...others] = parts;
  if (!first) throw new InvalidInputError('There are no parts to merge.');
  const same = ({ shard, ...rest }: Part) => JSON.stringify([rest, shard.count]);
  for (const { folder, part } of others) {
    if (same(part) !== same(first.part)) {
      throw new InvalidInputError(
        `${folder} and ${first.folder} are parts of different evaluations: the model, device, regime, data, ` +
          'choice of sets or number of shards differs.',
      );
    }
  }
  const { count } = first.part.shard;
  const there = new Set(parts.map(({ part }) => part.shard.index));
  const lacking = Array.from({ length: count }, (_, i) => i).filter((i) => !there.has(i));
  if (lacking.length > 0) {
    throw new InvalidInputError(`Of ${count} parts, these are missing: ${lacking.map((i) => i + 1).join(', ')}.`, {
      lacking,
    });
  }
  return first.part;
}

async function readPart(folder: string): Promise<Part> {
  const file = path.join(folder, PART_FILE);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SourceNotFoundError(
      `${folder} is not a finished part: it has no ${PART_FILE}. Let vlm2vec eval --shard finish first.`,
      { folder },
      { cause },
    );
  });
  const wrong = (at: string, what: string, cause?: unknown) =>
    new InvalidInputError(`${file}: ${at === '' ? '' : `${at}: `}${what}`, { file }, { cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong('', 'is not JSON.', cause);
  }
  const field = new JsonField(value, wrong);
  field.get('format').oneOf([FORMAT]);
  field.get('version').integer(1, 1);
  const origin = field.get('origin');
  const count = field.get('shard').get('count').integer(1, 1e6);
  return {
    origin: {
      model: origin.get('model').string(100),
      dims: origin.get('dims').integer(1, 1e6),
      regime: origin.get('regime').string(100),
      device: origin.get('device').string(100),
      activations: origin.get('activations').string(100),
    },
    subject: field.get('subject').record() as unknown as ReportSubject,
    sets: field.get('sets').items((item) => item.string(100), { min: 1, max: 36 }),
    shard: {
      index: field
        .get('shard')
        .get('index')
        .integer(0, count - 1),
      count,
    },
  };
}
