/** @file Whether two sources or options are the same: plain data by content, everything else by identity. */

const ids = new WeakMap<object, number>();
let count = 0;

/**
 * A text that is the same for the same content. Files, directory handles, workers and other objects that are not plain
 * data count as the same only if they are the same object.
 * @param functions whether functions are compared by identity too; frameworks make new ones with each rendering
 */
export function contentKey(value: unknown, { functions }: { functions: boolean }): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'function') return functions ? { '\0id': idOf(part) } : undefined;
    return isPlain(part) ? part : { '\0id': idOf(part as object) };
  });
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function idOf(value: object): number {
  const id = ids.get(value) ?? ++count;
  ids.set(value, id);
  return id;
}
