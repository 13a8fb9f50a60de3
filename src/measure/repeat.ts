/** @file One figure: a call is made once to warm up, then as often as time allows, and the run in the middle counts. */

export interface Patience {
  /** Timed calls at most. @default 5 */
  runs?: number;
  /** No further call once so many seconds were spent on timed ones. @default 3 */
  seconds?: number;
}

export interface Timed<T> {
  /** The run in the middle, by its time. */
  result: T;
  milliseconds: number;
  runs: number;
}

/** @param call one run */
export async function repeat<T>(
  call: () => Promise<T>,
  { runs = 5, seconds = 3 }: Patience = {},
  now: () => number = () => performance.now(),
): Promise<Timed<T>> {
  const timed = async () => {
    const start = now();
    const result = await call();
    return { result, milliseconds: now() - start };
  };
  // Shaders are compiled and buffers made in the first.
  const first = await timed();
  if (first.milliseconds > 1000 * seconds) return { ...first, runs: 1 };
  const all: Omit<Timed<T>, 'runs'>[] = [];
  let spent = 0;
  while (all.length < runs && (all.length === 0 || spent < 1000 * seconds)) {
    const one = await timed();
    spent += one.milliseconds;
    all.push(one);
  }
  all.sort((a, b) => a.milliseconds - b.milliseconds);
  return { ...all[(all.length - 1) >> 1]!, runs: all.length };
}
