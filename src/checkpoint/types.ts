/** @file The interfaces of `checkpoint/`: where bytes come from, and tensors that are read a few rows at a time. */

/** A file of known length that can be read in ranges. */
export interface ByteSource {
  /** Its path or URL, for messages. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /**
   * Reads bytes `start` (inclusive) to `end` (exclusive).
   * Rejects with {@link CheckpointFormatError} when the range is outside the file or comes back short.
   */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Distinguishes these contents from others of the same name and length: a hash, or the time of the last change. */
  readonly version?: string;
  /** Present if the SHA-256 of the file is known but can be compared only by reading it once from front to back. */
  readonly pass?: CheckedPass;
}

/**
 * A pass over a whole file, front to back, that computes its hash on the way. Between `begin` and `end`, `read` serves
 * ascending ranges, and reads whatever lies between them too; what was read before `begin`, in any order, is compared
 * when the pass reaches it.
 */
export interface CheckedPass {
  /** Lower-case hex SHA-256 that the file must have. */
  readonly sha256: string;
  /** What was read before the pass, to be passed to {@link begin}. */
  claims(): Promise<readonly Claim[]>;
  begin(from: PassState | null, claims: readonly Claim[]): Promise<void>;
  /** Where the pass is, so that another one can continue from there; null while it is inside a claim. */
  state(): PassState | null;
  /** Reads to the end of the file. Resolves to the SHA-256 of what was read. Rejects as `read` does. */
  finish(signal?: AbortSignal): Promise<string>;
  end(): void;
}

/** Plain data. */
export interface PassState {
  /** Byte up to which the file has been read. */
  position: number;
  /** The hasher's state in base64. */
  hasher: string;
}

/** A range that was read ahead of the pass: start, end, and the SHA-256 of what was read. */
export type Claim = [start: number, end: number, sha256: string];

/** A folder of files: a directory, a set of `File`s, a Hub repository at one revision. */
export interface FileTree {
  /** Path or repository id, for messages and the manifest. */
  readonly label: string;
  /** The commit, if the source has one. */
  readonly revision: string | null;
  /** All file paths, `/`-separated, relative. */
  list(): Promise<string[]>;
  /** Opens one file. Rejects with {@link SourceNotFoundError} if there is none. */
  open(path: string, signal?: AbortSignal): Promise<ByteSource>;
}

/** Element types of safetensors and torch files that are read. */
export type TensorDtype = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

export interface TensorInfo {
  readonly name: string;
  readonly dtype: TensorDtype;
  /** Row-major; a scalar is `[]`. */
  readonly shape: readonly number[];
  /** Where the tensor lies, for reading tensors in the order of their files. Absent if it lies in no file. */
  readonly place?: { readonly source: ByteSource; readonly start: number };
}

/**
 * Named tensors, read by rows of the first axis, as float32.
 * Names are canonical, whichever release wrote the file; for Qwen2-VL `model.layers.N.…`, `visual.…`, `lm_head.weight`.
 */
export interface TensorStore {
  names(): readonly string[];
  /** Undefined if there is no such tensor. */
  info(name: string): TensorInfo | undefined;
  /**
   * Rows `first … first+count-1`, flattened. // [count, prod(shape[1..])]
   * A 1-D tensor has rows of one element. Values that are not finite are returned as they are. Rejects with {@link
   * CheckpointMismatchError} for an unknown name.
   */
  readRows(name: string, first: number, count: number, signal?: AbortSignal): Promise<Float32Array>;
}
