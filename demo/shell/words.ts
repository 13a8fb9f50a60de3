/** @file Sizes, times, progress, devices and errors in plain words. */
import type { StoredModel } from '../../src/index';
import { reasonInWords } from '../../src/search/reasons';
import { shellStrings as strings } from '../strings/shell';

/** `1536` → `1.5 kB`; decimal units as download dialogs use them. */
export function bytesInWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}

/** `87.3` → `87 ms`, `2345` → `2.3 s`. */
export function timeInWords(milliseconds: number): string {
  if (milliseconds < 999.5) return `${milliseconds.toFixed(0)} ms`;
  return `${(milliseconds / 1000).toFixed(milliseconds < 9950 ? 1 : 0)} s`;
}

/** `42` → `42 s`, `100` → `2 min`, `5400` → `1.5 h`. */
export function durationInWords(seconds: number): string {
  if (seconds < 59.5) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3570) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** A progress event as a line of text and, if known, the share that is done. */
export function progressInWords(event: { phase: string; loaded?: number; total?: number }): {
  text: string;
  share: number | null;
} {
  const phase = strings.phases[event.phase] ?? strings.otherPhase;
  if (!event.total || event.loaded === undefined) return { text: `${phase}…`, share: null };
  const text = strings.progress(phase, bytesInWords(event.loaded), bytesInWords(event.total));
  return { text, share: Math.min(1, event.loaded / event.total) };
}

/** The parts of a loaded model's facts that the page shows. */
export interface ModelFacts {
  dims: number;
  dtype: string;
  bytes: number;
  device: string;
  threads: number;
  adapter: { vendor: string; architecture: string; description: string } | null;
  ladder: { device: string; outcome: string; reason: string | null }[];
}

/** @param wished the requested device, `auto` for the best */
export function modelInWords(name: string, facts: ModelFacts, wished: string): string {
  const sentence = strings.modelFacts(name, bytesInWords(facts.bytes), facts.dtype, facts.dims, deviceInWords(facts));
  return wished === 'auto' && facts.device !== 'webgpu' ? sentence + strings.slower(refusalInWords(facts)) : sentence;
}

function deviceInWords({ device, adapter, threads }: ModelFacts): string {
  if (device !== 'webgpu') return strings.onCpu(threads);
  return strings.onGpu(
    adapter && (adapter.description || [adapter.vendor, adapter.architecture].filter(Boolean).join(' ')),
  );
}

/** Why the GPU is not used: the first sentence of the ladder's reason. */
function refusalInWords({ ladder }: ModelFacts): string {
  const reason = ladder.find((rung) => rung.device === 'webgpu' && rung.reason)?.reason;
  return reason?.split(/\.\s/, 1)[0]?.replace(/\.$/, '') ?? strings.noGpu;
}

/** An error to display: what it means, then the details. */
export function errorInWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const meaning = strings.errors[error.name];
  const reason = reasonInWords(error);
  return meaning ? `${meaning} ${reason}` : reason;
}

/** The displayed name of a stored model. */
export function titleOf({ name, origin }: StoredModel): string {
  if (origin?.kind === 'hub') return origin.repo;
  if (origin?.kind === 'local' && origin.label !== 'files') return origin.label;
  return name;
}
