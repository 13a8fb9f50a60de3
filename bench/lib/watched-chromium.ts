/**
 * @file A Chromium whose memory is watched phase by phase, with a profile on disk (without one, the origin-private file
 * system is in memory). The figure of JavaScript alone is the browser's own (`measureUserAgentSpecificMemory`, of a
 * page that is cross-origin isolated), the others come from /proc.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { findChromium } from '../../scripts/chromium';
import { BrowserWatch } from './browser-memory';
import { megabytes, seconds, table } from './report';

/** What the page finds in its global scope. */
export interface PageHooks {
  enterPhase(name: string): Promise<void>;
  scriptMemory(bytes: number): Promise<void>;
}

const EVERY_MS = 1000;

export class WatchedChromium {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly #watch: BrowserWatch;
  readonly #profile: string;
  readonly #phases: { name: string; began: number }[] = [];
  readonly #script = new Map<string, number>();

  private constructor(context: BrowserContext, page: Page, watch: BrowserWatch, profile: string) {
    this.context = context;
    this.page = page;
    this.#watch = watch;
    this.#profile = profile;
  }

  /** @param gpu WebGPU, computed by SwiftShader in Chromium's GPU process */
  static async start({ gpu = false } = {}): Promise<WatchedChromium> {
    const profile = mkdtempSync('.cache/chromium-');
    const device = gpu
      ? ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--disable-gpu-watchdog']
      : ['--disable-gpu'];
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: findChromium(),
      args: ['--no-sandbox', '--enable-blink-features=ForceEagerMeasureMemory', ...device],
    });
    const page = await context.newPage();
    const processes = await context.browser()!.newBrowserCDPSession();
    const { processInfo } = (await processes.send('SystemInfo.getProcessInfo')) as {
      processInfo: { type: string; id: number }[];
    };
    const watch = new BrowserWatch(processInfo.find(({ type }) => type === 'browser')!.id);
    const chromiumWatched = new WatchedChromium(context, page, watch, profile);
    await page.exposeFunction('enterPhase', (name: string) => chromiumWatched.enter(name));
    await page.exposeFunction('scriptMemory', (bytes: number) => chromiumWatched.#note(bytes));
    await page.routeWebSocket('**', () => undefined); // the dev server must not reload the page
    // tsx wraps functions in this to keep their names; which does not exist in the page.
    await page.addInitScript('globalThis.__name = (value) => value');
    return chromiumWatched;
  }

  get version(): string {
    return this.context.browser()!.version();
  }

  /** Starts a phase, unless it is already running. */
  enter(name: string): void {
    if (this.#watch.phase === name) return;
    this.#watch.sample();
    this.#phases.push({ name, began: performance.now() });
    this.#watch.phase = name;
    console.log(`${name} …`);
  }

  /** The phase that the others are compared with: the page as it is now. */
  async idle(): Promise<void> {
    this.enter('idle');
    await this.page.evaluate(async () => {
      const measure = performance as unknown as { measureUserAgentSpecificMemory(): Promise<{ bytes: number }> };
      const { scriptMemory } = globalThis as unknown as PageHooks;
      for (let i = 0; i < 3; i++) await scriptMemory((await measure.measureUserAgentSpecificMemory()).bytes);
    });
  }

  /** From now on measures JavaScript's memory again and again, until the page is left. */
  async watchScripts(): Promise<void> {
    await this.page.evaluate((pause) => {
      const measure = performance as unknown as { measureUserAgentSpecificMemory(): Promise<{ bytes: number }> };
      const { scriptMemory } = globalThis as unknown as PageHooks;
      const again = async (): Promise<void> => {
        await scriptMemory((await measure.measureUserAgentSpecificMemory()).bytes);
        setTimeout(() => void again(), pause);
      };
      void again();
    }, EVERY_MS);
  }

  /** Times, and peaks above idle, of the phases after idle. */
  report(): { table: string; idle: string } {
    this.#watch.stop();
    const ended = performance.now();
    const idle = this.#watch.peaks.get('idle')!;
    const idleScript = this.#script.get('idle')!;
    const after = this.#phases.slice(this.#phases.findIndex(({ name }) => name === 'idle') + 1);
    const rows = [...new Set(after.map(({ name }) => name))].map((name) => {
      const time = after.reduce(
        (sum, { name: other, began }, i) => sum + (other === name ? (after[i + 1]?.began ?? ended) - began : 0),
        0,
      );
      const peak = this.#watch.peaks.get(name)!;
      const script = this.#script.get(name);
      return [
        name,
        seconds(time / 1000),
        script === undefined ? 'too short to measure' : megabytes(script - idleScript),
        megabytes(peak.rendererOwn - idle.rendererOwn),
        megabytes(peak.allOwn - idle.allOwn),
      ];
    });
    const head = [
      'phase',
      'time',
      'JavaScript, peak above idle',
      'renderer, peak above idle',
      'all processes, peak above idle',
    ];
    const figures = [idleScript, idle.rendererOwn, idle.allOwn].map(megabytes);
    return {
      table: table(head, rows),
      idle: `Idle: JavaScript ${figures[0]}, renderer ${figures[1]}, all processes ${figures[2]} (own allocations).`,
    };
  }

  async stop(): Promise<void> {
    this.#watch.stop();
    await this.context.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }

  #note(bytes: number): void {
    const { phase } = this.#watch;
    this.#script.set(phase, Math.max(this.#script.get(phase) ?? 0, bytes));
  }
}
