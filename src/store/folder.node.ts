/** @file Bundles in folders (Node only). */

export { bundleIn, folderBundle } from './folder-reader.node.js';
export { folderWriter, type FolderWriterOptions } from './folder-writer.node.js';
