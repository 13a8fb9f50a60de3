/**
 * @file What the model store records about a bundle, beside it: where it came from, so that it can be found and
 * continued.
 */

import type { WeightDtype } from '../bundle/manifest';
import type { BundleReader, BundleWriter } from '../bundle/storage';

export const RECORD_PATH = 'store.json';
/** Grows when the layout of the model store changes. */
export const STORE_VERSION = 1;

/** Where a bundle came from, without any secrets. */
export type Origin =
  | { kind: 'hub'; repo: string; revision?: string; hubUrl: string; base?: Origin; adapter?: Origin }
  | { kind: 'url'; url: string }
  | { kind: 'local'; label: string };

export interface StoreRecord {
  store: number;
  origin: Origin;
  /** The dtype that was requested, for a checkpoint. */
  dtype: WeightDtype | null;
  /** ISO 8601. */
  created: string;
}

/** Records the origin. Call this before anything else is written. */
export async function writeRecord(writer: BundleWriter, record: Pick<StoreRecord, 'origin' | 'dtype'>): Promise<void> {
  const whole: StoreRecord = { store: STORE_VERSION, ...record, created: new Date().toISOString() };
  const file = await writer.create(RECORD_PATH);
  await file.write(new TextEncoder().encode(JSON.stringify(whole)));
  await file.close();
}

/** The record, or null if there is none, or it cannot be read. */
export async function readRecord(reader: BundleReader): Promise<StoreRecord | null> {
  try {
    const file = await reader.open(RECORD_PATH);
    const record = JSON.parse(new TextDecoder().decode(await file.read(0, file.size))) as StoreRecord;
    return typeof record?.store === 'number' && typeof record.origin?.kind === 'string' ? record : null;
  } catch {
    return null;
  }
}
