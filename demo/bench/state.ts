/** @file The state of the speed page: what to measure, progress, and the growing report. */
import { signal } from '@preact/signals';
import { VLM2Vec } from '../../src/index';
import {
  CAPTION_COUNTS,
  measure,
  PICTURE_SIZES,
  rungsHere,
  type MeasurableModel,
  type MeasureReport,
  type MeasureStep,
  type OtherFigures,
  type RungWish,
} from '../../src/measure';
import { ModelControl, startModelWorker } from '../shell';
import { latest } from '../shell/latest';
import { sourceOf, type ModelChoice } from '../shell/model-control';
import { browserEnvironment, pageMemory } from './environment';

export type Extent = 'quick' | 'full';

const EXTENTS: Record<Extent, { pictures: readonly number[]; captions: readonly number[] }> = {
  quick: { pictures: [64, 256], captions: [1, 16] },
  full: { pictures: PICTURE_SIZES, captions: CAPTION_COUNTS },
};

/** The key under which the report is passed to the page that may reach the Hub. */
const REPORT = 'bench-report';

export const rungName = ({ device, activations, compute }: RungWish): string =>
  compute === 'fast' ? `${device} ${activations} fast` : `${device} ${activations}`;

export class BenchState {
  readonly choice = signal<ModelChoice>({ kind: 'nano' });
  readonly stored: ModelControl['stored'];
  /** What the browser offers; null until that is known. */
  readonly rungs = signal<RungWish[] | null>(null);
  /** Names of the models to measure. */
  readonly picked = signal<ReadonlySet<string>>(new Set());
  readonly extent = signal<Extent>('quick');
  readonly running = signal<{ step: MeasureStep | null } | null>(null);
  readonly wasStopped = signal(false);
  readonly report = signal<MeasureReport | null>(null);
  readonly others = signal<OtherFigures[]>([]);
  readonly error = signal<unknown>(null);
  /** From the address: sizes that replace those of the extent. */
  readonly #sizes: Partial<Record<'pictures' | 'captions', number[]>>;
  readonly #control = new ModelControl();
  #stop = new AbortController();

  /** @param wishes from the page's address: `?stored=name`, `?model=…`, `?device=wasm`, `?pictures=16&captions=1,4` */
  constructor(private readonly wishes: URLSearchParams) {
    this.stored = this.#control.stored;
    const numbers = (name: string) =>
      wishes
        .get(name)
        ?.split(',')
        .map(Number)
        .filter((value) => Number.isInteger(value) && value > 0);
    this.#sizes = { pictures: numbers('pictures'), captions: numbers('captions') };
    const url = wishes.get('model');
    const name = wishes.get('stored');
    if (name !== null) this.choice.value = { kind: 'stored', name, title: name };
    else if (url !== null && url !== 'nano') this.choice.value = { kind: 'url', url };
  }

  /** Finds out what the browser offers. */
  async start(): Promise<void> {
    try {
      const kept = sessionStorage.getItem(REPORT);
      sessionStorage.removeItem(REPORT);
      if (kept !== null) this.report.value = JSON.parse(kept) as MeasureReport;
    } catch {
      // Nothing was passed on.
    }
    const rungs = await rungsHere();
    const device = this.wishes.get('device');
    const wished = rungs.filter((rung) => rung.device === device);
    this.rungs.value = rungs;
    this.picked.value = new Set((wished.length > 0 ? wished : rungs.slice(0, 1)).map(rungName));
    try {
      await this.#control.refreshStored();
      const { value } = this.choice;
      const found = value.kind === 'stored' ? this.stored.value.find(({ name }) => name === value.name) : undefined;
      if (found) this.choice.value = { kind: 'stored', ...found };
    } catch (error) {
      this.error.value = error;
    }
  }

  isPicked(rung: RungWish): boolean {
    return this.picked.value.has(rungName(rung));
  }

  get captionCounts(): readonly number[] {
    return this.#sizes.captions ?? EXTENTS[this.extent.value].captions;
  }

  /** Opens the page that may reach more, and passes the results to it. */
  leaveFor(page: string): void {
    try {
      if (this.report.value) sessionStorage.setItem(REPORT, JSON.stringify(this.report.value));
    } catch {
      // Without storage it is measured again.
    }
    location.assign(page);
  }

  toggle(rung: RungWish): void {
    const picked = new Set(this.picked.value);
    if (!picked.delete(rungName(rung))) picked.add(rungName(rung));
    this.picked.value = picked;
  }

  run(): Promise<void> {
    this.#stop.abort();
    this.#stop = new AbortController();
    return this.#run(this.#stop.signal);
  }

  stop(): void {
    this.#stop.abort();
    this.running.value = null;
    this.wasStopped.value = true;
  }

  readonly #run = latest(
    async (superseded, stopped: AbortSignal) => {
      const signal = AbortSignal.any([superseded, stopped]);
      this.error.value = null;
      this.report.value = null;
      this.wasStopped.value = false;
      this.running.value = { step: null };
      const source = sourceOf(this.choice.value);
      try {
        const report = await measure({
          rungs: (this.rungs.value ?? []).filter((rung) => this.isPicked(rung)),
          environment: browserEnvironment(),
          ...EXTENTS[this.extent.value],
          ...Object.fromEntries(Object.entries(this.#sizes).filter(([, sizes]) => sizes !== undefined)),
          load: async (wish, signal) => measurable(await VLM2Vec.load(source, { ...wish, ...LOADING, signal })),
          memory: pageMemory,
          signal,
          onStep: (step) => {
            if (!signal.aborted) this.running.value = { step };
          },
          onReport: (report) => {
            if (!signal.aborted) this.report.value = report;
          },
        });
        if (!signal.aborted) this.report.value = report;
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        if (!signal.aborted) this.running.value = null;
      }
    },
    (error) => {
      this.running.value = null;
      this.error.value = error;
    },
  );
}

const LOADING = { probe: 'always', vision: 'now', worker: startModelWorker } as const;

function measurable(model: VLM2Vec): MeasurableModel {
  return {
    get info() {
      return model.info;
    },
    embed: (inputs, options) => model.embed(inputs, options),
    matmulRate: (options) => model.matmulRate(options),
    dispose: () => model.dispose(),
  };
}
