/** @file The fixtures' adapters with changes, for tests. */

import { safetensors, type PlainTensor } from './checkpoint-files';
import { fixtureBytes, type AdapterName } from './fixtures';

/** An adapter's safetensors file, each of its tensors replaced by what `change` makes of it. */
export function rewrittenAdapter(
  adapter: AdapterName,
  change: (name: string, tensor: PlainTensor) => [string, PlainTensor][],
): Uint8Array {
  const file = fixtureBytes(`adapters/${adapter}/adapter_model.safetensors`);
  const dataStart = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  type Entry = { dtype: string; shape: number[]; data_offsets: [number, number] };
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, dataStart))) as Record<string, Entry>;
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .flatMap(([name, { dtype, shape, data_offsets: offsets }]) =>
      change(name, { dtype, shape, bytes: file.slice(dataStart + offsets[0], dataStart + offsets[1]) }),
    );
  return safetensors(Object.fromEntries(tensors));
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
