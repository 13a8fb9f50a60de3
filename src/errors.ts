/**
 * @file Named errors. Each message says what was wrong, where, and what to do. They keep their `name` and `details`
 * across the worker boundary (`remote/error-wire.ts`), so callers can test either `error.name` or `instanceof`.
 */

/** Base of every error this package throws on purpose. `details` is plain, structured-cloneable data. */
export class VLM2VecError extends Error {
  /** The name of the class, which distinguishes classes where `instanceof` cannot. */
  override name = 'VLM2VecError';
  /** Details for programs: sizes, paths, the name of the option. */
  readonly details: Readonly<Record<string, unknown>>;

  /** `details` must be plain data, which can be sent from a worker. */
  constructor(message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(message, options);
    this.details = details;
  }
}

/** A safetensors, torch, JSON or adapter file violates its format. This is permanent: retrying does not help. */
export class CheckpointFormatError extends VLM2VecError {
  override name = 'CheckpointFormatError';
}

/** The checkpoint is well formed but does not match: a weight is missing, unused, or has a different shape. */
export class CheckpointMismatchError extends VLM2VecError {
  override name = 'CheckpointMismatchError';
}

/** This version does not implement an architecture, adapter kind, option or dtype. */
export class UnsupportedError extends VLM2VecError {
  override name = 'UnsupportedError';
}

/** A file or repository does not exist, or may not be read. */
export class SourceNotFoundError extends VLM2VecError {
  override name = 'SourceNotFoundError';
}

/** A server could not be reached, or kept failing: offline, CORS, timeouts, status 429 and 5xx. It may work later. */
export class NetworkError extends SourceNotFoundError {
  override name = 'NetworkError';
}

/**
 * The browser's storage (or the disk) is full. `details` holds `usage`, `quota` and `free` in bytes, if the browser
 * reports them. Everything stored and verified so far is kept: free some space and call again.
 */
export class StorageFullError extends VLM2VecError {
  override name = 'StorageFullError';
}

/**
 * A file cannot be written (Node): no permission, a read-only disk, larger than the disk or the user may have it.
 * `details.file` is the file, `details.cause` the system's code.
 */
export class NotWritableError extends VLM2VecError {
  override name = 'NotWritableError';
}

/** A `bundle.json` violates its format. */
export class BundleFormatError extends VLM2VecError {
  override name = 'BundleFormatError';
}

/** A file is not an exported photo index, or violates its format. Nothing was imported from it. */
export class IndexFormatError extends VLM2VecError {
  override name = 'IndexFormatError';
}

/** The length or SHA-256 of some bytes does not match the manifest. */
export class IntegrityError extends VLM2VecError {
  override name = 'IntegrityError';
}

/** Bytes are not an image that this platform can decode, or their header is false. */
export class ImageFormatError extends VLM2VecError {
  override name = 'ImageFormatError';
}

/** The declared size of an image exceeds the limit; it was refused before decoding. */
export class ImageTooLargeError extends VLM2VecError {
  override name = 'ImageTooLargeError';
}

/** An input to `embed`/`rank` cannot be embedded: empty text, too many tokens, a wrong type. */
export class InvalidInputError extends VLM2VecError {
  override name = 'InvalidInputError';
}

/** WebGPU was requested but is not available, or its limits are too small for the model. */
export class WebGPUUnavailableError extends VLM2VecError {
  override name = 'WebGPUUnavailableError';
}

/** A table of an evaluation, or its archive of pictures, violates its format or is incomplete. */
export class DatasetFormatError extends VLM2VecError {
  override name = 'DatasetFormatError';
}

/** The GPU device was lost twice in a row; the model must be loaded again. */
export class DeviceLostError extends VLM2VecError {
  override name = 'DeviceLostError';
}

/**
 * The model returned something that is not a unit vector (NaN, infinity, zero): its weights or this device are at
 * fault.
 */
export class NotFiniteError extends VLM2VecError {
  override name = 'NotFiniteError';
}

/** No rung of the ladder (activations, device) reproduced the bundle's probe embeddings. */
export class ProbeError extends VLM2VecError {
  override name = 'ProbeError';
}

/**
 * A worker cannot be started: the page may not start it, its script cannot be loaded, or it never answers. With
 * `worker: false` a model runs without one.
 */
export class WorkerStartError extends VLM2VecError {
  override name = 'WorkerStartError';
}

/**
 * The model was disposed of before the call finished, or its worker ended unexpectedly; in that case `details.died` is
 * true.
 */
export class DisposedError extends VLM2VecError {
  override name = 'DisposedError';
}
