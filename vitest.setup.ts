/**
 * @file Before each test file: the same random examples in every run of `npm test`, so that whether main passes does not
 * hang on luck; others each time in `npm run test:full`, where a failure prints the seed to put into the test. And one thread
 * for each session of ONNX Runtime, where nobody asks for more: as many files are tested at once as there are cores, and threads
 * that wait for work spin. And weights are compared at once, not number by number.
 */
import fc from 'fast-check';
import { expect, vi } from 'vitest';

if (!process.env.VLM2VEC_FULL_TESTS) fc.configureGlobal({ seed: 1 });

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => Buffer.from(buffer, byteOffset, byteLength);

/** Arrays with the same bytes are equal; what else is, or where they differ, is found out as always. */
function sameBytes(a: unknown, b: unknown): true | undefined {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b) || a.constructor !== b.constructor) return undefined;
  return bytesOf(a).equals(bytesOf(b)) || undefined;
}

// Many test files share a process, and what they are compared by.
const shared = globalThis as { comparesBytes?: true };
if (!shared.comparesBytes) expect.addEqualityTesters([sameBytes]);
shared.comparesBytes = true;

vi.mock('onnxruntime-node', async (original) => {
  const module = await original<typeof import('onnxruntime-node')>();
  const { InferenceSession } = module;
  const create = InferenceSession.create.bind(InferenceSession) as (...given: unknown[]) => Promise<unknown>;
  const withOneThread = (model: unknown, ...given: unknown[]) => {
    const last = given.at(-1);
    const options = typeof last === 'object' ? given.pop() : {};
    return create(model, ...given, { intraOpNumThreads: 1, ...(options as object) });
  };
  Object.assign(InferenceSession, { create: withOneThread });
  return module;
});
