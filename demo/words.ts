/** @file What the page says: sizes, times, progress, devices and errors in plain words. */

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

const PHASES: Record<string, string> = {
  measure: 'Measuring weights',
  convert: 'Converting weights',
  publish: 'Saving',
  download: 'Loading the model',
  verify: 'Checking the model’s files',
  load: 'Preparing the model',
  probe: 'Testing the model on this device',
};

/** A progress event as a line of text and, where known, the share that is done. */
export function progressInWords(event: { phase: string; loaded?: number; total?: number }): {
  text: string;
  share: number | null;
} {
  const phase = PHASES[event.phase] ?? 'Loading the model';
  if (!event.total || event.loaded === undefined) return { text: `${phase}…`, share: null };
  const text = `${phase}: ${bytesInWords(event.loaded)} of ${bytesInWords(event.total)}`;
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

/** @param wished the device that was asked for, `auto` for the best */
export function modelInWords(name: string, facts: ModelFacts, wished: string): string {
  const size = `${bytesInWords(facts.bytes)} of ${facts.dtype} weights, ${facts.dims} numbers per embedding`;
  const refusal = wished === 'auto' && facts.device !== 'webgpu' ? ` ${refusalInWords(facts)}` : '';
  return `${name}: ${size}. Runs on ${deviceInWords(facts)}.${refusal}`;
}

function deviceInWords({ device, adapter, threads }: ModelFacts): string {
  if (device !== 'webgpu') return `the CPU (WebAssembly, ${threads === 1 ? 'one thread' : `${threads} threads`})`;
  const gpu = adapter && (adapter.description || [adapter.vendor, adapter.architecture].filter(Boolean).join(' '));
  return gpu ? `the GPU (WebGPU, ${gpu})` : 'the GPU (WebGPU)';
}

/** Why the GPU is not used: the first sentence of what the ladder says. */
function refusalInWords({ ladder }: ModelFacts): string {
  const reason = ladder.find((rung) => rung.device === 'webgpu' && rung.reason)?.reason;
  const sentence = reason?.split(/\.\s/, 1)[0]?.replace(/\.$/, '') ?? 'This browser offers no GPU';
  return `That is slower than a GPU. ${sentence}.`;
}

const ERRORS: Record<string, string> = {
  ImageFormatError: 'This file is not a picture that the browser can open.',
  ImageTooLargeError: 'This picture is too large.',
  InvalidInputError: 'This cannot be ranked.',
  WebGPUUnavailableError: 'WebGPU cannot be used here.',
  SourceNotFoundError: 'The model was not found.',
  NetworkError: 'The network failed.',
  StorageFullError: 'There is too little space.',
  CheckpointFormatError: 'This model’s files cannot be read.',
  CheckpointMismatchError: 'These files do not belong to one model.',
  BundleFormatError: 'This is not a model bundle.',
  IntegrityError: 'The model’s files are damaged.',
  UnsupportedError: 'This version cannot do that.',
  ProbeError: 'This device computes the model wrongly.',
  DeviceLostError: 'The GPU stopped answering.',
};

/** An error as a person reads it: what it means, then what exactly was wrong. */
export function errorInWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const meaning = ERRORS[error.name];
  return meaning ? `${meaning} ${error.message}` : error.message;
}
