/** @file Bundles in storage. `folder.node.ts` (Node only) is imported by its own path. */

export { blobBundle } from './blobs';
export { blobFile } from './bytes-file';
export { downloadBundle, downloadedBytes, fetchManifest, type DownloadOptions } from './download';
export { httpBundle } from './http';
export { parseJournal, JOURNAL_PATH } from './journal';
export { browserStore, memoryStore, type ModelStore, type ModelStoreEntry } from './model-store';
export { memoryBundle } from './memory';
export {
  deleteOpfsBundle,
  listOpfsBundles,
  listUnfinishedOpfsBundles,
  opfsBundle,
  unfinishedOpfsBundle,
  type OpfsEntry,
} from './opfs';
export { hasOpfs } from './opfs-files';
export { opfsWriter, type OpfsWriterOptions } from './opfs-writer';
export { readRecord, RECORD_PATH, STORE_VERSION, writeRecord, type Origin, type StoreRecord } from './record';
export {
  copyBundle,
  readManifest,
  verifiedBytes,
  verifiedData,
  verifiedRange,
  verifyBundle,
  verifyFile,
  type BundleVerifyOptions,
  type ByteRange,
  type VerifyOptions,
} from './verify';
