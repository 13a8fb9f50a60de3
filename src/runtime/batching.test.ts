import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucket, packedBucket, packImages, packTexts, planText, type Sequence } from './batching';

const lengths = fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 80 });

test('buckets are few, never shorter, never more than half longer', () => {
  const seen = new Set<number>();
  for (let length = 1; length <= 4096; length++) {
    const padded = bucket(length);
    expect(padded).toBeGreaterThanOrEqual(length);
    if (length >= 8) expect(padded).toBeLessThanOrEqual(1.5 * length);
    seen.add(padded);
  }
  expect(seen.size).toBeLessThan(20);
});

test('packed rows round up by less than 64, or to a bucket below that', () => {
  for (let tokens = 1; tokens <= 1000; tokens++) {
    const rows = packedBucket(tokens);
    expect(rows).toBeGreaterThanOrEqual(tokens);
    expect(rows - tokens).toBeLessThan(64);
    if (tokens > 64) expect(rows % 64).toBe(0);
  }
});

test('every text is in one run, long enough for it and within the budget', () => {
  fc.assert(
    fc.property(lengths, fc.boolean(), fc.integer({ min: 1, max: 3000 }), (lengths, buckets, tokens) => {
      const batches = packTexts(lengths, { tokens, patches: 0, buckets });
      expect(batches.flatMap(({ indices }) => indices).sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
      for (const { indices, length } of batches) {
        for (const i of indices) expect(lengths[i]!).toBeLessThanOrEqual(length);
        if (indices.length > 1) expect(indices.length * length).toBeLessThanOrEqual(tokens);
      }
    }),
  );
});

test('runs are no smaller than necessary: two neighbours never fit into one', () => {
  fc.assert(
    fc.property(lengths, (lengths) => {
      const batches = packTexts(lengths, { tokens: 1024, patches: 0, buckets: false });
      for (const [i, batch] of batches.entries()) {
        const next = batches[i + 1];
        if (next) expect((batch.indices.length + 1) * lengths[next.indices[0]!]!).toBeGreaterThan(1024);
      }
    }),
  );
});

test('images with the same grid run together, within the patch budget', () => {
  const grid = fc.record({ height: fc.constantFrom(2, 4, 10), width: fc.constantFrom(2, 6, 20) });
  fc.assert(
    fc.property(fc.array(grid, { maxLength: 60 }), (grids) => {
      const batches = packImages(
        grids.map(({ height, width }) => ({ key: `${height}x${width}`, patches: height * width })),
        { tokens: 0, patches: 120, buckets: false },
      );
      expect(batches.flat().sort((a, b) => a - b)).toEqual(grids.map((_, i) => i));
      for (const batch of batches) {
        const { height, width } = grids[batch[0]!]!;
        for (const i of batch) expect(grids[i]).toEqual({ height, width });
        if (batch.length > 1) expect(batch.length * height * width).toBeLessThanOrEqual(120);
      }
    }),
  );
});

test('the rows of a plan restore each sequence, image features in their order', () => {
  const sequence = fc
    .tuple(
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }),
    )
    .filter(([before, after]) => before.length + after.length > 0);
  const small = fc.integer({ min: 0, max: 4 });
  fc.assert(
    fc.property(fc.array(sequence, { minLength: 1, maxLength: 5 }), small, small, (parts, tokens, extra) => {
      const sequences: Sequence[] = parts.map(([before, after]) => ({
        ids: [...before, ...new Array<number>(tokens).fill(99), ...after],
        images: tokens > 0 ? [{ start: before.length, tokens }] : [],
        plans: tokens > 0 ? [{ features: tokens, featureRows: null }] : [],
        positions: null,
      }));
      const length = Math.max(...sequences.map(({ ids }) => ids.length)) + 2;
      const plan = planText(sequences, { length, round: (rows) => rows + extra });
      expect(new Set(plan.tokens).size).toBe(plan.tokens.length);
      // Beginnings of text that sequences share are the same rows.
      const beginnings = new Set<string>();
      const wantedRows = parts.reduce((sum, [before, after], b) => {
        const shared = tokens > 0 ? before : [...before, ...after];
        const fresh = shared.filter((_, i) => {
          const beginning = shared.slice(0, i + 1).join();
          return !beginnings.has(beginning) && beginnings.add(beginning);
        });
        return sum + fresh.length + sequences[b]!.ids.length - shared.length;
      }, 0);
      expect(plan.rows.length).toBe(wantedRows + extra);
      let next = 0;
      sequences.forEach(({ ids, images: [image] }, b) => {
        const places = [...plan.padded.subarray(b * length, (b + 1) * length)];
        const row = places.slice(0, ids.length);
        const shown = row.map((at) => {
          const from = plan.rows[at]!;
          return plan.tokens[from] ?? `image ${from - plan.tokens.length}`;
        });
        const wanted = ids.map((id, i) =>
          image && i >= image.start && i < image.start + tokens ? `image ${b * tokens + i - image.start}` : id,
        );
        expect(shown).toEqual(wanted);
        expect(places.slice(ids.length).every((at) => at === 0)).toBe(true);
        row.forEach((at, i) => {
          if (at >= next) {
            expect(at).toBe(next++);
            expect(plan.packed[at]).toBe(b * length + i);
          }
          // It is computed from the same beginning.
          const place = plan.packed[at]!;
          expect(place % length).toBe(i);
          const from = Math.floor(place / length) * length;
          expect([...plan.padded.subarray(from, place + 1)]).toEqual(row.slice(0, i + 1));
          expect([0, 1, 2].map((axis) => plan.positions[axis * plan.rows.length + at])).toEqual([i, i, i]);
        });
        expect(plan.seqlensK[b]).toBe(ids.length - 1);
        expect(plan.last[b]).toBe(row.at(-1));
      });
      expect(next).toBe(wantedRows);
    }),
  );
});

test('the same beginning at other positions is computed separately', () => {
  const at = (...positions: number[]) => ({
    ids: [5, 6],
    images: [],
    plans: [],
    positions: Int32Array.from(positions),
  });
  const plan = planText([at(0, 1, 0, 1, 0, 1), at(0, 1, 0, 2, 0, 1), at(0, 1, 0, 1, 0, 1)]);
  expect([...plan.padded]).toEqual([0, 1, 0, 2, 0, 1]);
  expect([...plan.last]).toEqual([1, 2, 1]);
});

test('an image token without an image is a row of the table', () => {
  const plan = planText([{ ids: [5, 99, 7], images: [], plans: [], positions: null }]);
  expect(plan.tokens).toEqual([5, 99, 7]);
  expect([...plan.rows]).toEqual([0, 1, 2]);
});

test('an image alone still has one token row', () => {
  const plan = planText([
    { ids: [99, 99], images: [{ start: 0, tokens: 2 }], plans: [{ features: 2, featureRows: null }], positions: null },
  ]);
  expect(plan.tokens).toEqual([99]);
  expect([...plan.rows]).toEqual([1, 2]);
});

test('features are picked by a picture’s own rows, pictures are in order, and every row may be pooled', () => {
  const plans = [
    { features: 3, featureRows: Int32Array.of(2, 0) },
    { features: 2, featureRows: null },
  ];
  const images = [
    { start: 0, tokens: 2 },
    { start: 3, tokens: 2 },
  ];
  const two = { ids: [99, 99, 7, 99, 99], images, plans, positions: null };
  const text = { ids: [7, 8], images: [], plans: [], positions: Int32Array.of(0, 4, 0, 5, 0, 6) };
  const plan = planText([two, text], { all: true });
  expect(plan.tokens).toEqual([7, 8]);
  expect([...plan.rows]).toEqual([2 + 2, 2 + 0, 0, 2 + 3, 2 + 4, 0, 1]);
  expect([...plan.last]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(plan.pooled).toEqual([5, 2]);
  expect([...plan.positions]).toEqual([0, 1, 2, 3, 4, 0, 4, 0, 1, 2, 3, 4, 0, 5, 0, 1, 2, 3, 4, 0, 6]);
});

test('sequences whose lengths have different keys never share a run', () => {
  const limits = { tokens: 1000, patches: 1, buckets: false };
  const batches = packTexts([3, 9, 4, 8], limits, (length) => (length > 5 ? 'long' : 'short'));
  expect(batches.map(({ indices }) => indices)).toEqual([
    [0, 2],
    [3, 1],
  ]);
});
