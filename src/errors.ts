/**
 * @file Named errors. Each says what was wrong, where, and what to do. They keep their `name` and
 * `details` across the worker boundary (`remote/error-wire.ts`), so callers test
 * `error.name` or `instanceof` alike.
 */

/** Base of every error this package throws on purpose. `details` is plain, structured-cloneable data. */
export class VLM2VecError extends Error {
  /** The class's own name: it tells classes apart where `instanceof` cannot. */
  override name = 'VLM2VecError';
  /** What a program may want to know: sizes, paths, the option's name. */
  readonly details: Readonly<Record<string, unknown>>;

  /** `details` has to be plain data, which survives the way out of a worker. */
  constructor(message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(message, options);
    this.details = details;
  }
}

/** A safetensors, torch, JSON or adapter file that breaks its format. Permanent: retrying cannot help. */
export class CheckpointFormatError extends VLM2VecError {
  override name = 'CheckpointFormatError';
}

/** The checkpoint is well formed but does not fit: a weight is missing, unused, or has another shape. */
export class CheckpointMismatchError extends VLM2VecError {
  override name = 'CheckpointMismatchError';
}

/** An architecture, adapter kind, option or dtype that this version does not implement. */
export class UnsupportedError extends VLM2VecError {
  override name = 'UnsupportedError';
}

/** A file or repository that is not there, or may not be read. */
export class SourceNotFoundError extends VLM2VecError {
  override name = 'SourceNotFoundError';
}

/**
 * A server that could not be reached, or kept failing: offline, CORS, timeouts, status 429 and 5xx. Later it may
 * work.
 */
export class NetworkError extends SourceNotFoundError {
  override name = 'NetworkError';
}

/**
 * The browser's storage (or the disk) is full. `details` holds `usage`, `quota` and `free` in bytes, where the browser
 * tells. What was stored and verified before is kept: free some space and call again.
 */
export class StorageFullError extends VLM2VecError {
  override name = 'StorageFullError';
}

/** A `bundle.json` that breaks its format. */
export class BundleFormatError extends VLM2VecError {
  override name = 'BundleFormatError';
}

/** A file that is no exported photo index, or breaks its format. Nothing of it was taken over. */
export class IndexFormatError extends VLM2VecError {
  override name = 'IndexFormatError';
}

/** Bytes whose length or SHA-256 differs from what the manifest promises. */
export class IntegrityError extends VLM2VecError {
  override name = 'IntegrityError';
}

/** Bytes that are not an image this platform decodes, or a header that lies. */
export class ImageFormatError extends VLM2VecError {
  override name = 'ImageFormatError';
}

/** An image whose declared size exceeds the guard; refused before decoding. */
export class ImageTooLargeError extends VLM2VecError {
  override name = 'ImageTooLargeError';
}

/** An input to `embed`/`rank` that cannot be embedded: empty text, too many tokens, a wrong type. */
export class InvalidInputError extends VLM2VecError {
  override name = 'InvalidInputError';
}

/** WebGPU was asked for and is not available, or too small for the model. */
export class WebGPUUnavailableError extends VLM2VecError {
  override name = 'WebGPUUnavailableError';
}

/** A table of an evaluation, or its archive of pictures, that breaks its format or lacks something. */
export class DatasetFormatError extends VLM2VecError {
  override name = 'DatasetFormatError';
}

/** The GPU device was lost twice in a row; the model must be loaded again. */
export class DeviceLostError extends VLM2VecError {
  override name = 'DeviceLostError';
}

/** The model gave something that is no unit vector (NaN, infinity, zero): its weights or this device are at fault. */
export class NotFiniteError extends VLM2VecError {
  override name = 'NotFiniteError';
}

/** No rung of the ladder (activations, device) reproduced the bundle's probe embeddings. */
export class ProbeError extends VLM2VecError {
  override name = 'ProbeError';
}

/**
 * A worker that cannot be started here: the page may not start it, its script cannot be loaded, or it never answers.
 * `worker: false` runs a model without one.
 */
export class WorkerStartError extends VLM2VecError {
  override name = 'WorkerStartError';
}

/** The model was disposed before the call finished; or its worker ended by itself, and then `details.died` is true. */
export class DisposedError extends VLM2VecError {
  override name = 'DisposedError';
}
