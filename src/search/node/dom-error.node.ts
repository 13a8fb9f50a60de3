/** @file What the file system says, with the names that browsers give it: that is what looking through folders goes by. */

const NAMES: Readonly<Record<string, string>> = {
  ENOENT: 'NotFoundError',
  ENOTDIR: 'NotFoundError',
  ENODEV: 'NotFoundError',
  ENXIO: 'NotFoundError',
  EACCES: 'NotAllowedError',
  EPERM: 'NotAllowedError',
};

/** Anything else than a system's error stays what it is. */
export function domError(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || typeof code !== 'string') return error;
  return new DOMException(message, NAMES[code] ?? 'NotReadableError');
}
