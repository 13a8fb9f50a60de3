/**
 * @file How long the page's own thread was busy without interruption, in processor time, which other work on the
 * machine does not lengthen.
 */
import type { Browser, Page } from '@playwright/test';

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Processor time in microseconds. */
  tdur?: number;
  args: { name?: string };
}

/** The longest tasks of pages' main threads while `act` runs, longest first. In milliseconds of processor time. */
export async function mainThreadTasks(browser: Browser, page: Page, act: () => Promise<void>): Promise<number[]> {
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
  let trace: Buffer;
  try {
    await act();
  } finally {
    trace = await browser.stopTracing();
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const thread = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const isMain = new Set(mains.map(thread));
  const tasks = traceEvents.filter(
    (event) => event.name === 'RunTask' && event.ph === 'X' && isMain.has(thread(event)),
  );
  if (tasks.length === 0) throw new Error('The trace holds no tasks of a page.');
  return tasks.map(({ tdur = NaN }) => tdur / 1000).sort((a, b) => b - a);
}
