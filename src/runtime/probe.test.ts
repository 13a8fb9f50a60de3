import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProbeCase } from '../bundle/manifest';
import {
  compareProbe,
  cosineOf,
  fromBase64,
  runProbe,
  toBase64,
  withF16Loss,
  type Probed,
  type ProbeRun,
} from './probe';
import { allowedLoss } from './probe-bounds';

const caseOf = (name: string, vector: Float32Array, f16Loss?: number): ProbeCase => ({
  name,
  text: 'x',
  picture: null,
  embedding: toBase64(vector),
  ...(f16Loss === undefined ? {} : { f16Loss }),
});
const unit = (...values: number[]) => Float32Array.from(values);
/** A vector at this distance from (1, 0). */
const lost = (loss: number) => unit(1, Math.sqrt(1 / (1 - loss) ** 2 - 1));

test('base64 keeps every float, little-endian', () => {
  fc.assert(
    fc.property(fc.float32Array({ maxLength: 20 }), (values) => {
      expect(fromBase64(toBase64(values))).toEqual(values);
    }),
  );
  expect(toBase64(unit(1))).toBe('AACAPw==');
});

test('the worst case decides', () => {
  const cases = [caseOf('a', unit(1, 0)), caseOf('b', unit(0, 1))];
  expect(compareProbe(cases, [unit(1, 0), unit(0, 1)], 1e-3)).toEqual({ passed: true, cosine: 1, reason: null });
  const turned = unit(Math.sin(0.1), Math.cos(0.1));
  const outcome = compareProbe(cases, [unit(1, 0), turned], 1e-3);
  expect(outcome.passed).toBe(false);
  expect(outcome.cosine).toBeCloseTo(Math.cos(0.1), 6);
  expect(outcome.reason).toBe("probe 'b' gives cosine 0.9950042, but needs 0.999");
});

test('vectors that are not finite, missing or of another length fail', () => {
  const cases = [caseOf('a', unit(1, 0))];
  for (const vectors of [[unit(NaN, 0)], [unit(0, 0)], [unit(1, 0, 0)], []]) {
    expect(compareProbe(cases, vectors, 1e-3).passed).toBe(false);
  }
});

test('f16 may lose in proportion to what it costs the model, within bounds; f32 hardly anything', () => {
  expect(cosineOf(unit(1, 0), lost(3e-5))).toBeCloseTo(1 - 3e-5, 8);
  expect(allowedLoss('f32', 1e-4)).toBe(1e-6);
  expect(allowedLoss('f16', null)).toBe(2e-5);
  expect(allowedLoss('f16', 1e-8)).toBe(2e-5);
  expect(allowedLoss('f16', 1e-6)).toBeCloseTo(2.56e-4, 9);
  expect(allowedLoss('f16', 2)).toBe(1e-3);
});

describe('a probe', () => {
  /** Returns the vector for every input, and records what was embedded together. */
  function embedder(vector: Float32Array, tokens: (text: string) => number = () => 5) {
    const runs: (string | undefined)[][] = [];
    const fake: Probed = {
      embed: async (inputs) => inputs.map(() => vector),
      embedRuns: async (all) => {
        runs.push(...all.map((inputs) => inputs.map(({ text }) => text)));
        return all.map((inputs) => inputs.map(() => vector));
      },
      tokens: async (text) => tokens(text),
    };
    return { fake, runs };
  }
  const never = () => Promise.reject(new Error('measured without need'));
  const run = (loss: number, cost: number | undefined, rest: Partial<ProbeRun> = {}) =>
    runProbe(embedder(lost(loss)).fake, {
      cases: [caseOf('a', unit(1, 0), cost), caseOf('b', unit(1, 0))],
      ...{ activations: 'f16', measure: never, control: never },
      ...rest,
    });
  const right = async () => [lost(1e-9)];

  test('allows in proportion to what f16 costs on the CPU, within bounds', async () => {
    expect(await run(1e-5, 1e-9)).toMatchObject({ passed: true, cosine: expect.closeTo(1 - 1e-5, 8) });
    expect(await run(4e-5, 1e-7)).toMatchObject({ passed: false, cosine: expect.closeTo(1 - 4e-5, 8) });
    expect(await run(2e-4, 1e-6, { control: right })).toMatchObject({ passed: true });
    expect(await run(3e-4, 1e-6)).toMatchObject({ passed: false });
    expect(await run(9e-4, 1e-2, { control: right })).toMatchObject({ passed: true });
    expect(await run(2e-3, 1e-2)).toMatchObject({ passed: false });
    expect(await run(5e-5, 1e-2, { activations: 'f32' })).toMatchObject({ passed: false });
  });

  test('attributes a loss to rounding only if f32 on the same device is right', async () => {
    const controlled: number[] = [];
    const control: ProbeRun['control'] = async (inputs) => {
      controlled.push(inputs.length);
      return [lost(2e-4)];
    };
    const outcome = await run(2e-4, 1e-5, { control });
    expect(outcome).toMatchObject({ passed: false, cosine: expect.closeTo(1 - 2e-4, 8) });
    expect(outcome.reason).toBe("not rounding: at f32, probe 'a' gives cosine 0.9998000, but needs 0.999999");
    expect(controlled).toEqual([1]);
  });

  test('does not pass in doubt if there is no control', async () => {
    expect((await run(1e-5, 1e-5, { control: null })).passed).toBe(true);
    expect((await run(2e-4, 1e-5, { control: null })).passed).toBe(false);
  });

  test('of an older bundle asks the CPU what f16 costs, if that decides', async () => {
    expect((await run(1e-5, undefined)).passed).toBe(true);
    expect((await run(2e-3, undefined)).passed).toBe(false);
    expect((await run(5e-5, undefined, { measure: async () => 1e-6, control: right })).passed).toBe(true);
    expect((await run(5e-5, undefined, { measure: async () => 1e-7 })).passed).toBe(false);
    expect((await run(5e-5, undefined, { activations: 'f32' })).passed).toBe(false);
  });

  test('runs texts together only if they are padded to the same length, and each picture alone', async () => {
    const texts = ['a'.repeat(33), 'b'.repeat(31), 'c'.repeat(5), 'd'.repeat(32)];
    const picture = { width: 28, height: 28, seed: 1 };
    const cases: ProbeCase[] = [
      ...texts.map((text) => ({ ...caseOf('text', unit(1, 0)), text })),
      ...['p', 'q'].map((text) => ({ ...caseOf('picture', unit(1, 0)), text, picture })),
    ];
    const { fake, runs } = embedder(unit(1, 0), (text) => text.length);
    const outcome = await runProbe(fake, { cases, activations: 'f16', measure: never, control: never });
    expect(outcome.passed).toBe(true);
    expect(runs).toEqual([[texts[0]], [texts[1], texts[3]], [texts[2]], ['p'], ['q']]);
  });

  test('records what f16 costs; if it overflows, the maximum', async () => {
    const cases = ['short-text', 'text-65', 'small-picture'].map((name) => caseOf(name, unit(1, 0)));
    const found = await withF16Loss(embedder(lost(1e-6)).fake, cases);
    expect(found.map(({ f16Loss }) => f16Loss)).toEqual([expect.closeTo(1e-6, 9), undefined, expect.closeTo(1e-6, 9)]);
    const overflown = await withF16Loss(embedder(unit(NaN, 1)).fake, cases);
    expect(overflown.map(({ f16Loss }) => f16Loss)).toEqual([2, undefined, 2]);
  });
});
