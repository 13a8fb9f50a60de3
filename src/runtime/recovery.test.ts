import { expect, test } from 'vitest';
import { DeviceLostError, DisposedError } from '../errors';
import { Recovering } from './recovery';

/** Something that breaks when told to. */
class Fake {
  isLost = false;
  released = 0;
  constructor(readonly number: number) {}
  lose(): never {
    this.isLost = true;
    throw new Error('the device is gone');
  }
  async release() {
    this.released++;
  }
}

function setup() {
  const made: Fake[] = [new Fake(0)];
  const clock = { now: 0 };
  const recovering = new Recovering<Fake>({
    first: made[0]!,
    now: () => clock.now,
    rebuild: async () => {
      made.push(new Fake(made.length));
      return made.at(-1)!;
    },
  });
  return { made, clock, recovering };
}

test('the work in progress is repeated on a new device', async () => {
  const { made, recovering } = setup();
  const tried: number[] = [];
  const result = await recovering.run(async (fake) => {
    tried.push(fake.number);
    return fake.number === 0 ? fake.lose() : 'done';
  });
  expect(result).toBe('done');
  expect(tried).toEqual([0, 1]);
  expect(made[0]!.released).toBe(1);
  expect(recovering.recoveries).toBe(1);
});

test('a loss between calls is repaired before the next', async () => {
  const { made, recovering } = setup();
  made[0]!.isLost = true;
  expect(await recovering.run(async (fake) => fake.number)).toBe(1);
});

test('calls that fail together share one rebuild', async () => {
  const { made, recovering } = setup();
  const work = async (fake: Fake) => {
    await Promise.resolve();
    return fake.number === 0 ? fake.lose() : fake.number;
  };
  expect(await Promise.all([recovering.run(work), recovering.run(work), recovering.run(work)])).toEqual([1, 1, 1]);
  expect(made).toHaveLength(2);
});

test('a failure that is not a loss goes to the caller', async () => {
  const { made, recovering } = setup();
  await expect(recovering.run(() => Promise.reject(new Error('bad input')))).rejects.toThrow('bad input');
  expect(made).toHaveLength(1);
});

test('a second loss within a minute is reported, a later one repaired', async () => {
  const { made, recovering } = setup();
  await expect(recovering.run(async (fake) => fake.lose())).rejects.toThrow(DeviceLostError);
  expect(made).toHaveLength(2);
  expect(made.map(({ released }) => released)).toEqual([1, 1]);

  const later = setup();
  const loseOnce = () => {
    let lost = false;
    return async (fake: Fake) => {
      if (!lost) {
        lost = true;
        fake.lose();
      }
      return fake.number;
    };
  };
  expect(await later.recovering.run(loseOnce())).toBe(1);
  later.clock.now += 61_000;
  expect(await later.recovering.run(loseOnce())).toBe(2);
});

test('a device that cannot be set up again is a DeviceLostError with the reason', async () => {
  const recovering = new Recovering<Fake>({
    first: new Fake(0),
    rebuild: () => Promise.reject(new Error('no adapter')),
  });
  await expect(recovering.run(async (fake) => fake.lose())).rejects.toMatchObject({
    name: 'DeviceLostError',
    details: { reason: 'no adapter' },
  });
});

test('after dispose calls reject, and everything is released once', async () => {
  const { made, recovering } = setup();
  await recovering.dispose();
  await recovering.dispose();
  expect(made[0]!.released).toBe(1);
  await expect(recovering.run(async () => 1)).rejects.toThrow(DisposedError);
});
