/** @file Errors keep their class, name and details across a worker's boundary. Used on both sides. */

import { transferHandlers, type TransferHandler } from 'comlink';
import * as errors from '../errors';

/** An error as plain data. */
export interface WireError {
  name: string;
  message: string;
  stack?: string;
  /** The code of a {@link errors.VLM2VecError}. */
  details?: Record<string, unknown>;
  /** A DOMException, such as AbortError, is rebuilt as one. */
  isDom: boolean;
}

type ErrorClass = new (message: string, details?: Record<string, unknown>) => errors.VLM2VecError;

const CLASSES = new Map<string, ErrorClass>(Object.entries(errors));

export function errorToWire(error: unknown): WireError {
  if (!(error instanceof Error) && !(error instanceof DOMException)) {
    return { name: 'Error', message: String(error), isDom: false };
  }
  const { name, message, stack } = error;
  const details = error instanceof errors.VLM2VecError ? cloneable(error.details) : undefined;
  return { name, message, stack, details, isDom: error instanceof DOMException };
}

export function errorFromWire({ name, message, stack, details, isDom }: WireError): Error {
  if (isDom) return new DOMException(message, name);
  const Class = details && CLASSES.get(name);
  const error = Class ? new Class(message, details) : Object.assign(new Error(message), { name });
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** Details are plain data by contract; anything else becomes text, so that the error itself is not lost. */
function cloneable(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return structuredClone({ ...details });
  } catch {
    return Object.fromEntries(Object.entries(details).map(([key, value]) => [key, String(value)]));
  }
}

type Thrown = { value: unknown };

let installed = false;

/** Replaces comlink's handler of thrown values, which keeps only name and message. */
export function installErrorHandler(): void {
  if (installed) return;
  installed = true;
  const original = transferHandlers.get('throw') as TransferHandler<Thrown, unknown>;
  const handler: TransferHandler<Thrown, WireError> = {
    canHandle: (value): value is Thrown => original.canHandle(value),
    serialize: ({ value }) => [errorToWire(value), []],
    deserialize: (wire) => {
      throw errorFromWire(wire);
    },
  };
  transferHandlers.set('throw', handler as TransferHandler<unknown, unknown>);
}
