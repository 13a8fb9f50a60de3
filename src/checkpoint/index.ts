/** @file What `checkpoint/` offers to the other folders. `folder.node.ts` is imported by its own path, in Node only. */

export { blobTree } from './blob-tree';
export { resolveCheckpoint, type Checkpoint, type OpenCheckpointOptions } from './checkpoint';
export { HUB_URL, hubTree, type HubTreeOptions } from './hub-tree';
export type { NameLayout, NameRules } from './names';
export type { ByteSource, FileTree, TensorDtype, TensorInfo, TensorStore } from './types';
export { openZip, type ZipOptions } from './zip';
