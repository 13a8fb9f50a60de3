import { expect, test, vi } from 'vitest';
import { DeviceLostError, DisposedError, ImageFormatError, VLM2VecError } from '../../errors';
import type { EmbedderInput, PhotoEmbedder } from '../types';
import { EmbedGate } from './embed-gate';

/** Answers when told to, and records who asked, in order. */
function slowEmbedder(more: Partial<PhotoEmbedder> = {}) {
  const asked: string[] = [];
  const pending: { resolve(): void; reject(error: Error): void }[] = [];
  const embedder: PhotoEmbedder = {
    id: 'e',
    dims: 2,
    embed: (inputs, { signal }) => {
      asked.push(inputs.map(({ text }) => text).join());
      return new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
        pending.push({ resolve: () => resolve(inputs.map(() => new Float32Array(2))), reject });
      });
    },
    ...more,
  };
  return { embedder, asked, pending };
}

const text = (...texts: string[]): EmbedderInput[] => texts.map((each) => ({ text: each }));
const turn = () => new Promise((resolve) => setTimeout(resolve));

test('a search goes before waiting pictures', async () => {
  const { embedder, asked, pending } = slowEmbedder();
  const gate = new EmbedGate(embedder, { embedSeconds: 10 });
  const query = gate.query(text('query'));
  const picture = gate.index(text('picture'));
  await turn();
  expect(asked).toEqual(['query']);
  pending[0]!.resolve();
  expect(await query).toHaveLength(1);
  await turn();
  expect(asked).toEqual(['query', 'picture']);
  pending[1]!.resolve();
  expect(await picture).toMatchObject({ kind: 'done' });
});

test('an error of the embedder is an outcome for an input, and is thrown for a search', async () => {
  const { embedder, pending } = slowEmbedder();
  const gate = new EmbedGate(embedder, { embedSeconds: 10 });
  const picture = gate.index(text('picture'));
  await turn();
  pending[0]!.reject(new ImageFormatError('no picture'));
  expect(await picture).toMatchObject({ kind: 'failed', error: { name: 'ImageFormatError' } });
  const query = gate.query(text('query'));
  await turn();
  pending[1]!.reject(new ImageFormatError('no picture'));
  await expect(query).rejects.toThrow(ImageFormatError);
});

test('a model that is gone is restarted once for all who wait; the search is repeated', async () => {
  const restart = vi.fn(async () => undefined);
  const { embedder, asked, pending } = slowEmbedder({ restart });
  const gate = new EmbedGate(embedder, { embedSeconds: 10 });
  const picture = gate.index(text('picture'));
  await turn();
  const query = gate.query(text('query'));
  await turn();
  pending[0]!.reject(new DisposedError('gone', { died: true }));
  pending[1]!.reject(new DisposedError('gone', { died: true }));
  expect(await picture).toMatchObject({ kind: 'died', restarted: true });
  await turn();
  pending[2]!.resolve();
  expect(await query).toHaveLength(1);
  expect(asked).toEqual(['picture', 'query', 'query']);
  expect(restart).toHaveBeenCalledOnce();
});

test('if it cannot be restarted, the error says so', async () => {
  const { embedder, pending } = slowEmbedder();
  const gate = new EmbedGate(embedder, { embedSeconds: 10 });
  const picture = gate.index(text('picture'));
  await turn();
  pending[0]!.reject(new DeviceLostError('gone'));
  expect(await picture).toMatchObject({ kind: 'died', restarted: false });
});

test('calls that one death ended name the same death; the next one differs', async () => {
  const { embedder, pending } = slowEmbedder({ restart: async () => undefined });
  const gate = new EmbedGate(embedder, { embedSeconds: 10 });
  const pair = [gate.index(text('a')), gate.index(text('b'))];
  await turn();
  for (const { reject } of pending) reject(new DisposedError('gone', { died: true }));
  const [first, second] = (await Promise.all(pair)) as { death: string }[];
  expect(first!.death).toBe(second!.death);
  const third = gate.index(text('c'));
  await turn();
  pending[2]!.reject(new VLM2VecError('The worker failed.', { died: true }));
  expect(await third).toMatchObject({ kind: 'died', death: expect.not.stringMatching(first!.death) });
});

test('a model that was removed, or a call that someone else stopped, is not the fault of the pictures', async () => {
  const restart = vi.fn(async () => undefined);
  const { embedder, pending } = slowEmbedder({ restart });
  const gate = new EmbedGate(embedder, { embedSeconds: 10 });
  const outcomes = [gate.index(text('a')), gate.index(text('b'))];
  await turn();
  pending[0]!.reject(new DisposedError('disposed'));
  expect(await outcomes[0]).toMatchObject({ kind: 'interrupted', restarted: true });
  expect(restart).toHaveBeenCalledOnce();
  pending[1]!.reject(new DOMException('stopped', 'AbortError'));
  expect(await outcomes[1]).toMatchObject({ kind: 'interrupted', restarted: true });
  expect(restart).toHaveBeenCalledOnce();
});

test('a call that takes too long is told to stop', async () => {
  const { embedder } = slowEmbedder();
  const gate = new EmbedGate(embedder, { embedSeconds: 0.02 });
  const outcome = await gate.index(text('a', 'b'));
  expect(outcome).toMatchObject({
    kind: 'failed',
    error: { message: expect.stringMatching(/longer than 0\.04 seconds/) },
  });
});

test('stopping aborts the calls in progress, but not later ones', async () => {
  const { embedder, pending } = slowEmbedder();
  const gate = new EmbedGate(embedder, { embedSeconds: 10 });
  const [first, second] = [gate.index(text('a')), gate.index(text('b'))];
  await turn();
  gate.abortIndexing();
  expect([await first, await second]).toEqual([{ kind: 'aborted' }, { kind: 'aborted' }]);
  const third = gate.index(text('c'));
  await turn();
  pending[2]!.resolve();
  expect(await third).toMatchObject({ kind: 'done' });
});

test('vectors of another length are refused', async () => {
  const embed = async () => [new Float32Array(3)];
  const gate = new EmbedGate({ id: 'e', dims: 2, embed }, { embedSeconds: 10 });
  expect(await gate.index(text('a'))).toMatchObject({ kind: 'failed' });
  await expect(gate.query(text('a'))).rejects.toThrow(/2 dimensions/);
});
