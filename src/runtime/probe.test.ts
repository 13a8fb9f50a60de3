import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareProbe, cosineOf, fromBase64, LEAST_COSINE, toBase64 } from './probe';

const caseOf = (name: string, vector: Float32Array) => ({
  name,
  text: 'x',
  picture: null,
  embedding: toBase64(vector),
});
const unit = (...values: number[]) => Float32Array.from(values);

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
  expect(compareProbe(cases, [unit(1, 0), unit(0, 1)], 0.999)).toEqual({ passed: true, cosine: 1, reason: null });
  const turned = unit(Math.sin(0.1), Math.cos(0.1));
  const outcome = compareProbe(cases, [unit(1, 0), turned], 0.999);
  expect(outcome.passed).toBe(false);
  expect(outcome.cosine).toBeCloseTo(Math.cos(0.1), 6);
  expect(outcome.reason).toContain("'b'");
});

test('what is not finite, missing or of another length fails', () => {
  const cases = [caseOf('a', unit(1, 0))];
  for (const vectors of [[unit(NaN, 0)], [unit(0, 0)], [unit(1, 0, 0)], []]) {
    expect(compareProbe(cases, vectors, LEAST_COSINE.f16).passed).toBe(false);
  }
});

test('the bar for f32 is higher than for f16: an error of one per cent passes only there', () => {
  const vector = unit(Math.cos(0.01), Math.sin(0.01));
  expect(cosineOf(unit(1, 0), vector)).toBeCloseTo(0.99995, 6);
  const cases = [caseOf('a', unit(1, 0))];
  expect(compareProbe(cases, [vector], LEAST_COSINE.f16).passed).toBe(true);
  expect(compareProbe(cases, [vector], LEAST_COSINE.f32).passed).toBe(false);
});
