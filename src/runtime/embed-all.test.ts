import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../errors';
import { embedAll, type EmbedJob } from './embed-all';
import type { Prepared, Preparer } from './prepare';
import type { EmbedOptions, InputParts } from './types';
import { UsageMeter } from './usage';

const image = { width: 1, height: 1, data: new Uint8Array(3) };
const picture = (text: string): InputParts => ({ text, image });

/** Each picture has 10 patches, a run takes 20 of them and a window 40. Records what is done, in order. */
function job(steps: { prepare?: (text: string) => Promise<void>; run?: (names: string) => Promise<void> } = {}) {
  const log: string[] = [];
  const nameOf = new Map<Prepared, string>();
  const preparer = {
    pictureCount: (parts: InputParts) => (parts.image === undefined ? 0 : 1),
    prepare: async ({ text = '', image: given }: InputParts): Promise<Prepared> => {
      log.push(`prepare ${text}`);
      await steps.prepare?.(text);
      const plan = { key: 'plan', sequences: 1, patches: 10, tokens: 3 };
      const prepared = {
        sequence: { ids: [1, 2, 3], images: [], plans: [], positions: null },
        pictures: given === undefined ? [] : [{ plan, pixels: new Float32Array(0) }],
      } as unknown as Prepared;
      nameOf.set(prepared, text);
      return prepared;
    },
  } as unknown as Preparer;
  const made: EmbedJob = {
    preparer,
    names: Array.from({ length: 20 }, (_, i) => `inputs[${i}]`),
    limits: { tokens: 100, patches: 20, buckets: false },
    keyOf: () => '',
    shape: ([vector]) => vector!,
    meter: new UsageMeter(),
    groupBytes: 0,
    bytesOf: () => 1,
    run: async (batches) => {
      const batch = batches.flat();
      const names = batch.map((prepared) => nameOf.get(prepared)!).join('');
      log.push(`run ${names}`);
      await steps.run?.(names);
      log.push(`ran ${names}`);
      return batches.map((each) => each.map((prepared) => [Float32Array.of(nameOf.get(prepared)!.charCodeAt(0))]));
    },
  };
  const embed = (parts: InputParts[], options: EmbedOptions = {}) => embedAll(parts, options, made);
  return { embed, log };
}

/** Resolves once all other pending work of the event loop is done. */
const later = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

describe('pictures', () => {
  const inputs = [...'abcdefghi'].map(picture);

  test('are prepared while those before them are embedded, at most one window ahead', async () => {
    // Each run ends when the pictures that it waits for have been prepared, which would never happen if their
    // preparation waited for the run.
    const until: Record<string, string> = { ab: 'prepare e', cd: 'prepare h' };
    const { embed, log } = job({
      run: async (names) => {
        do await later();
        while (until[names] !== undefined && !log.includes(until[names]));
      },
    });
    const vectors = await embed(inputs);
    expect(vectors.map((vector) => (vector as Float32Array)[0])).toEqual([...'abcdefghi'].map((c) => c.charCodeAt(0)));
    const at = (step: string) => log.indexOf(step);
    expect(at('prepare e')).toBeLessThan(at('ran ab'));
    expect(at('prepare h')).toBeLessThan(at('ran cd'));
    expect(at('prepare i')).toBeGreaterThan(at('ran cd'));
    expect(at('run ef')).toBeGreaterThan(at('ran cd'));
    expect(log.filter((step) => step.startsWith('run '))).toEqual(['run ab', 'run cd', 'run ef', 'run gh', 'run i']);
  });

  test('are prepared while texts are embedded', async () => {
    const { embed, log } = job({
      run: async () => {
        do await later();
        while (!log.includes('prepare a'));
      },
    });
    await embed([{ text: 'x' }, picture('a')]);
    expect(log.indexOf('prepare a')).toBeLessThan(log.indexOf('ran x'));
    expect(log.slice(-2)).toEqual(['run a', 'ran a']);
  });

  test('that cannot be read end the call, once the work in progress has ended', async () => {
    const { embed, log } = job({
      run: later,
      prepare: async (text) => {
        if (text === 'f') throw new InvalidInputError('bad');
      },
    });
    await expect(embed(inputs)).rejects.toThrow('bad');
    expect(log.at(-1)).toMatch('ran '); // runs that had begun when it ended, at least the first
    const ended = log.length;
    await later();
    expect(log.length).toBe(ended);
    const skipped: number[] = [];
    const vectors = await embed(inputs, { onError: 'skip', onSkip: ({ index }) => skipped.push(index) });
    expect(skipped).toEqual([5]);
    expect(vectors.map((vector) => vector === null)).toEqual(inputs.map((_, i) => i === 5));
  });

  test('a run that fails ends the call, and no further one starts', async () => {
    const { embed, log } = job({
      run: async (names) => {
        await later();
        if (names === 'cd') throw new Error('lost');
      },
    });
    await expect(embed(inputs)).rejects.toThrow('lost');
    expect(log.filter((step) => step.startsWith('run '))).toEqual(['run ab', 'run cd']);
    expect(log).not.toContain('prepare i');
  });
});
