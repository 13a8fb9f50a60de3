/** @file The fixtures' adapters with changes, for tests. */

import { rewrittenTensors, type PlainTensor } from './checkpoint-files';
import { fixtureBytes, type AdapterName } from './fixtures';

/** An adapter's safetensors file, each of its tensors replaced by what `change` makes of it. */
export function rewrittenAdapter(
  adapter: AdapterName,
  change: (name: string, tensor: PlainTensor) => [string, PlainTensor][],
): Uint8Array {
  return rewrittenTensors(fixtureBytes(`adapters/${adapter}/adapter_model.safetensors`), change);
}

/** The same with other names. */
export function renamedAdapter(adapter: AdapterName, rename: (name: string) => string): Uint8Array {
  return rewrittenAdapter(adapter, (name, tensor) => [[rename(name), tensor]]);
}

/** The text of an adapter's config with some values changed. */
export function adapterConfigWith(adapter: AdapterName, changes: Record<string, unknown>): string {
  const config = JSON.parse(
    new TextDecoder().decode(fixtureBytes(`adapters/${adapter}/adapter_config.json`)),
  ) as object;
  return JSON.stringify({ ...config, ...changes });
}
