/** @file Asking the browser to keep what is stored. Only pages may ask. */

/**
 * Asks once a model has been stored. Some browsers decide by themselves, some ask the person.
 * @returns whether the storage is safe from eviction; null where nobody can tell
 */
export async function askToPersist(): Promise<boolean | null> {
  const storage = globalThis.navigator?.storage;
  if (typeof storage?.persist !== 'function') return null;
  try {
    return (await storage.persisted()) || (await storage.persist());
  } catch {
    return null;
  }
}
