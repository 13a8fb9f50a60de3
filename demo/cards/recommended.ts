/**
 * @file Three models that the site recommends: for photos, for pictures with text, and for trying out. The choice
 * depends on the device.
 */
import { recipes, type WeightDtype } from '../../src/index';
import { FAMILY, FAMILY_SIZES, type FamilyRow, type GpuHere } from './family';

export type CardKind = 'photos' | 'words' | 'try';

export interface Recommended {
  kind: CardKind;
  /** On the Hub; null for nano, which comes with the site. */
  repo: string | null;
  /** How its weights are stored. */
  dtype: WeightDtype;
  /** Bytes to download, and bytes to store. */
  download: number;
  store: number;
  licence: string;
  /** `parts`: larger than what this device can hold at once. `asking`: not known yet. */
  fit: 'gpu' | 'cpu' | 'parts' | 'asking';
  /** Whether there is room on the disk; null if the browser does not report it. */
  hasSpace: boolean | null;
}

/** What is known about this device. */
export interface Here {
  gpu: GpuHere;
  /** Bytes of main memory and of free space on the disk; null if the browser does not report it. */
  memory: number | null;
  free: number | null;
}

/** Bytes of the files in `public/models/nano`. */
export const NANO_BYTES = 7.09e6;

const PHOTOS = 'google/siglip2-base-patch16-224';
/** A model of two small towers loses more with 4 bits than it saves. */
const PHOTOS_DTYPE = 'q8';
const WORDS_DTYPE = 'q4';

/** As `load` assumes for WASM (docs/models.md). */
export const wasmRoom = (memory: number | null) => Math.min(2.5 * 2 ** 30, (memory ?? Infinity) * 0.5);

export function recommended(here: Here): Recommended[] {
  const photos = FAMILY.find(({ repo }) => repo === PHOTOS)!;
  return [card('photos', photos, PHOTOS_DTYPE, here), card('words', bestForWords(here), WORDS_DTYPE, here), nano(here)];
}

/** The best by its published score among those that this device supports; the least demanding if it supports none. */
function bestForWords(here: Here): FamilyRow {
  const free = FAMILY.filter(({ repo, scores }) => scores.length > 0 && recipeOf(repo)?.licence.commercial);
  const bears = ({ base }: FamilyRow) => {
    const { store, gpu } = FAMILY_SIZES[base];
    return gpu[WORDS_DTYPE] <= roomOf(here) && (here.free === null || store[WORDS_DTYPE] <= here.free);
  };
  const score = ({ scores }: FamilyRow) => Math.min(...scores);
  const [best] = free.filter(bears).sort((a, b) => score(b) - score(a));
  const needs = ({ base }: FamilyRow) => FAMILY_SIZES[base].gpu[WORDS_DTYPE];
  return best ?? free.sort((a, b) => needs(a) - needs(b))[0]!;
}

const roomOf = ({ gpu, memory }: Here) => (typeof gpu === 'object' ? gpu.room : wasmRoom(memory));

function card(kind: CardKind, { repo, base }: FamilyRow, dtype: WeightDtype, here: Here): Recommended {
  const { checkpoint, store, gpu } = FAMILY_SIZES[base];
  const holds = gpu[dtype] <= roomOf(here);
  return {
    ...{ kind, repo, dtype, download: checkpoint, store: store[dtype] },
    licence: recipeOf(repo)?.licence.name ?? '',
    fit: here.gpu === 'asking' ? 'asking' : !holds ? 'parts' : here.gpu === 'none' ? 'cpu' : 'gpu',
    hasSpace: here.free === null ? null : store[dtype] <= here.free,
  };
}

function nano({ gpu }: Here): Recommended {
  return {
    ...{ kind: 'try', repo: null, dtype: 'q8', download: NANO_BYTES, store: NANO_BYTES, licence: 'Apache-2.0' },
    fit: gpu === 'asking' ? 'asking' : gpu === 'none' ? 'cpu' : 'gpu',
    hasSpace: true,
  };
}

const recipeOf = (repo: string) => recipes.find(({ hub }) => hub.includes(repo));
