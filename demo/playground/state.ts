/**
 * @file The state of the playground, and its one model: loaded on the first run, in a worker restricted by the page's
 * policy.
 */
import { signal } from '@preact/signals';
import { similarity, VLM2Vec, type EmbedInput, type OnProgress } from '../../src/index';
import { playgroundStrings as strings } from '../strings/playground';
import { errorInWords, timeInWords } from '../shell/words';
import { startModelWorker } from '../shell/worker';
import { snippetOf, type Call } from './snippet';

/** A candidate with its score; pictures have an address to show. */
export interface Scored {
  label: string;
  image: string | null;
  score: number;
}

export interface Sample {
  file: string;
  alt: string;
}

export const call = signal<Call>('rank');
export const text = signal('');
/** Name of a sample, or the user's own file. */
export const picture = signal<string | File | null>('penguin.png');
export const candidates = signal('a penguin\nan elephant\na strawberry\na city street at night');
export const withSamples = signal(false);
export const samples = signal<Sample[]>([]);
export const isRunning = signal(false);
/** 0 to 1; null if unknown. */
export const share = signal<number | null>(null);
export const status = signal('');
export const problem = signal('');
export const scored = signal<Scored[]>([]);
export const code = signal('');
export const hasModel = signal(false);

/** The site in which the documents are a folder: the location of this script. */
const site = new URL('./', document.querySelector<HTMLScriptElement>('script[src$="playground.js"]')!.src);
export const sampleUrl = (file: string): string => new URL(`samples/${encodeURIComponent(file)}`, site).href;

let model: VLM2Vec | null = null;
let running = new AbortController();

export async function start(): Promise<void> {
  const response = await fetch(new URL('samples/samples.json', site));
  if (response.ok) samples.value = (await response.json()) as Sample[];
  else problem.value = strings.samplesFailed(response.status);
}

export function stop(): void {
  running.abort();
}

export async function run(): Promise<void> {
  const lines = candidates.value
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const shown = withSamples.value ? samples.value : [];
  const wanted = picture.value;
  const words = text.value.trim();
  problem.value = '';
  if ((words === '' && wanted === null) || lines.length + shown.length === 0) {
    problem.value = strings.empty;
    return;
  }
  running = new AbortController();
  const { signal } = running;
  isRunning.value = true;
  try {
    model ??= await load(signal);
    hasModel.value = true;
    const image = wanted === null ? {} : { image: typeof wanted === 'string' ? sampleUrl(wanted) : wanted };
    const query: EmbedInput = { ...image, ...(words && { text: words }) };
    const offered: EmbedInput[] = [...lines, ...shown.map(({ file }) => ({ image: sampleUrl(file) }))];
    const begun = performance.now();
    const scores = await compute(model, query, offered, signal);
    const time = timeInWords(performance.now() - begun);
    status.value = strings.done(offered.length + 1, time, model.device === 'webgpu' ? 'the GPU' : 'the CPU');
    scored.value = [
      ...lines.map((label) => ({ label, image: null })),
      ...shown.map(({ file, alt }) => ({ label: alt, image: sampleUrl(file) })),
    ]
      .map((each, i) => ({ ...each, score: scores[i]! }))
      .sort((a, b) => b.score - a.score);
    code.value = snippetOf({
      call: call.value,
      text: words,
      picture: wanted instanceof File ? wanted.name : wanted,
      texts: lines,
      pictures: shown.map(({ file }) => file),
    });
  } catch (error) {
    status.value = signal.aborted ? strings.stopped : '';
    if (!signal.aborted) problem.value = errorInWords(error);
  } finally {
    isRunning.value = false;
    share.value = null;
  }
}

async function load(signal: AbortSignal): Promise<VLM2Vec> {
  return VLM2Vec.load('nano', {
    modelsUrl: new URL('models/', site),
    worker: startModelWorker,
    signal,
    onProgress: ({ status: kind, phase, progress }) => {
      if (kind !== 'progress_total') return;
      share.value = progress === undefined ? null : progress / 100;
      status.value = strings.loading(phase, progress === undefined ? null : Math.round(progress));
    },
  });
}

/** Scores of the candidates, in their order. */
async function compute(
  model: VLM2Vec,
  query: EmbedInput,
  offered: EmbedInput[],
  signal: AbortSignal,
): Promise<ArrayLike<number>> {
  const onProgress: OnProgress = ({ status: kind, phase, loaded = 0, total = 1 }) => {
    if (kind !== 'progress_total' || phase !== 'embed') return;
    share.value = loaded / total;
    status.value = strings.computing(loaded, total);
  };
  if (call.value === 'rank') {
    const scores = new Float32Array(offered.length);
    for (const { index, score } of await model.rank(query, offered, { signal, onProgress })) scores[index] = score;
    return scores;
  }
  if (call.value === 'sides') {
    const vector = await model.embedQuery(query, { signal });
    return similarity([vector], await model.embedDocument(offered, { signal, onProgress }))[0]!;
  }
  const vector = await model.embed(query, { signal });
  return similarity([vector], await model.embed(offered, { signal, onProgress }))[0]!;
}
