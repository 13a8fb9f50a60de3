/** @file How much main memory this machine has, as far as it reports this. */

import { isNode } from '../environment';

/**
 * Bytes; null where it is not told, as in Firefox and Safari. Browsers that tell round it, and may call 8 GiB what is more.
 * Of a container it is what that may use.
 */
export function mainMemory(): number | null {
  if (!isNode) {
    const { deviceMemory } = (globalThis.navigator ?? {}) as { deviceMemory?: number };
    return deviceMemory ? deviceMemory * 2 ** 30 : null;
  }
  const total = process.getBuiltinModule?.('node:os').totalmem() ?? null;
  const allowed = process.constrainedMemory?.() ?? 0; // 0, or more than there is, where nothing limits it
  return total !== null && allowed > 0 ? Math.min(total, allowed) : total;
}
