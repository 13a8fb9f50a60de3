/**
 * @file Other models that may be measured beside ours, by transformers.js, and their sizes. Nothing of this happens
 * before the visitor asks for it, and nothing is downloaded before the sizes are shown.
 */
import { benchStrings } from '../strings/bench';

const strings = benchStrings.rivals;

export const HUB = 'https://huggingface.co';

export interface Rival {
  id: 'siglip' | 'embeddinggemma-2';
  title: string;
  repo: string;
  /** ONNX files in `onnx/`, without the suffix of a dtype. */
  sessions: readonly string[];
}

export const RIVALS: readonly Rival[] = [
  {
    id: 'siglip',
    title: 'SigLIP (base, 224 pixels)',
    repo: 'Xenova/siglip-base-patch16-224',
    sessions: ['text_model', 'vision_model'],
  },
  {
    id: 'embeddinggemma-2',
    title: 'EmbeddingGemma 2',
    repo: 'onnx-community/embeddinggemma-2-ONNX',
    sessions: ['model', 'vision_encoder'],
  },
];

/** As transformers.js names dtypes, and what it adds to file names for them. */
const ENDINGS = { fp32: '', fp16: '_fp16', q8: '_quantized', q4: '_q4' } as const;
export type RivalDtype = keyof typeof ENDINGS;

/** What the library's users would use there. */
const PREFERRED: Record<'webgpu' | 'wasm', readonly RivalDtype[]> = {
  webgpu: ['fp16', 'q4', 'fp32'],
  wasm: ['q8', 'q4', 'fp32'],
};

/** A model that is available, and its size in bytes. */
export interface Offer {
  rival: Rival;
  device: 'webgpu' | 'wasm';
  dtype: RivalDtype;
  bytes: number;
}

interface HubFile {
  path: string;
  size: number;
}

/**
 * The best that the repository's list of files has for the device. @throws with a message to display if it has nothing
 */
export function offerOf(rival: Rival, files: readonly HubFile[], device: Offer['device']): Offer {
  const of = (session: string, dtype: RivalDtype) => `onnx/${session}${ENDINGS[dtype]}.onnx`;
  const has = (dtype: RivalDtype) =>
    rival.sessions.every((session) => files.some(({ path }) => path === of(session, dtype)));
  const dtype = PREFERRED[device].find(has);
  if (dtype === undefined) {
    throw new Error(strings.missing(rival.repo, of(rival.sessions[0]!, PREFERRED[device].at(-1)!)));
  }
  const wanted = (path: string) =>
    /^[\w-]+\.json$/.test(path) ||
    rival.sessions.some((session) => path === of(session, dtype) || path.startsWith(`${of(session, dtype)}_data`));
  const bytes = files.reduce((sum, { path, size }) => sum + (wanted(path) ? size : 0), 0);
  return { rival, device, dtype, bytes };
}

/** Asks the Hub for the files of a repository, a few kB. @throws with a message to display if it does not answer */
export async function askForOffer(rival: Rival, device: Offer['device'], signal: AbortSignal): Promise<Offer> {
  const { host } = new URL(HUB);
  if (!navigator.onLine) throw new Error(strings.offline(host));
  const response = await fetch(`${HUB}/api/models/${rival.repo}/tree/main?recursive=true`, { signal }).catch(
    (cause: unknown) => {
      signal.throwIfAborted();
      throw new Error(strings.noAnswer(host), { cause });
    },
  );
  if (!response.ok) throw new Error(strings.refused(host, response.status));
  return offerOf(rival, (await response.json()) as HubFile[], device);
}
