import { expect, test } from 'vitest';
import { IntegrityError, ProbeError, VLM2VecError, WebGPUUnavailableError } from '../errors';
import { climb, rungName, rungsFor, type Climber, type LadderRequest, type Rung } from './ladder';

const request = (change: Partial<LadderRequest>): LadderRequest => ({
  device: 'auto',
  activations: 'auto',
  fallback: 'wasm',
  gpu: { f16: true, subgroups: true },
  exact: false,
  ...change,
});

test.each<[string, Partial<LadderRequest>, string[]]>([
  ['a full GPU', {}, ['webgpu f16 subgroups', 'webgpu f32 subgroups', 'webgpu f16', 'webgpu f32', 'wasm f32']],
  ['no f16', { gpu: { f16: false, subgroups: true } }, ['webgpu f32 subgroups', 'webgpu f32', 'wasm f32']],
  ['narrow subgroups', { gpu: { f16: false, subgroups: false } }, ['webgpu f32', 'wasm f32']],
  ['no GPU', { gpu: null }, ['wasm f32']],
  ['full-precision weights', { exact: true, gpu: { f16: true, subgroups: false } }, ['webgpu f32', 'wasm f32']],
  ['WebGPU asked for', { device: 'webgpu', gpu: { f16: true, subgroups: false } }, ['webgpu f16', 'webgpu f32']],
  ['WASM asked for', { device: 'wasm' }, ['wasm f32']],
  ['f16 asked for', { activations: 'f16', gpu: { f16: true, subgroups: false } }, ['webgpu f16', 'wasm f16']],
  ['f16 asked for, not there', { activations: 'f16', gpu: { f16: false, subgroups: false } }, ['wasm f16']],
  ['Node', { fallback: 'cpu', gpu: null }, ['cpu f32']],
  ['Node, fast', { fallback: 'cpu', gpu: null, compute: 'fast' }, ['cpu f32 fast', 'cpu f32']],
  ['Node at f16, fast', { fallback: 'cpu', gpu: null, compute: 'fast', activations: 'f16' }, ['cpu f16']],
  [
    'fast on a GPU: int8 before each, where there are subgroups',
    { compute: 'fast' },
    [
      ...['webgpu f16 subgroups fast', 'webgpu f16 subgroups', 'webgpu f32 subgroups fast', 'webgpu f32 subgroups'],
      ...['webgpu f16', 'webgpu f32', 'wasm f32'],
    ],
  ],
  ['fast without subgroups', { compute: 'fast', gpu: { f16: false, subgroups: false } }, ['webgpu f32', 'wasm f32']],
  ['fast in a browser, which has no kernels for it', { gpu: null, compute: 'fast' }, ['wasm f32']],
])('rungs: %s', (_, change, names) => {
  expect(rungsFor(request(change)).map(rungName)).toEqual(names);
});

/** Rungs named by what happens to them. */
function climber(fates: Record<string, number | Error>, remembered: string | null = null) {
  const built: string[] = [];
  const discarded: string[] = [];
  const fake: Climber<string> = {
    remembered,
    build: async (rung: Rung) => {
      const name = rungName(rung);
      built.push(name);
      const fate = fates[name];
      if (fate instanceof Error) throw fate;
      return name;
    },
    check: async (name) => {
      const cosine = fates[name] as number;
      return { passed: cosine > 0.999, cosine, reason: cosine > 0.999 ? null : `cosine ${cosine}` };
    },
    discard: async (name) => void discarded.push(name),
  };
  return { fake, built, discarded };
}

test('the first rung that passes is taken, wrong ones are freed and recorded', async () => {
  const { fake, built, discarded } = climber({
    'webgpu f16 subgroups': 0.5,
    'webgpu f32 subgroups': NaN,
    'webgpu f16': 0.9999,
  });
  const { built: taken, ladder } = await climb(rungsFor(request({})), fake);
  expect(taken).toBe('webgpu f16');
  expect(built).toEqual(['webgpu f16 subgroups', 'webgpu f32 subgroups', 'webgpu f16']);
  expect(discarded).toEqual(['webgpu f16 subgroups', 'webgpu f32 subgroups']);
  expect(ladder.map(({ outcome, cosine }) => [outcome, cosine])).toEqual([
    ['failed', 0.5],
    ['failed', NaN],
    ['passed', 0.9999],
  ]);
});

test('a rung that cannot be set up is skipped', async () => {
  const { fake } = climber({ 'webgpu f32': new Error('out of memory\nat somewhere'), 'wasm f32': 1 });
  const { rung, ladder } = await climb(rungsFor(request({ gpu: { f16: false, subgroups: false } })), fake);
  expect(rung.device).toBe('wasm');
  expect(ladder[0]).toMatchObject({ outcome: 'error', reason: 'out of memory' });
});

test('a damaged bundle is the same everywhere: no further rung is tried', async () => {
  const { fake, built } = climber({ 'webgpu f16': new IntegrityError('chunk 3') });
  await expect(climb(rungsFor(request({ gpu: { f16: true, subgroups: false } })), fake)).rejects.toThrow(
    IntegrityError,
  );
  expect(built).toEqual(['webgpu f16']);
});

test('an abort ends the attempts, whichever error it appears as', async () => {
  const { fake, built } = climber({ 'webgpu f32': new Error('cancelled') });
  const controller = new AbortController();
  controller.abort();
  await expect(
    climb(rungsFor(request({ gpu: { f16: false, subgroups: false } })), { ...fake, signal: controller.signal }),
  ).rejects.toThrow('cancelled');
  expect(built).toEqual(['webgpu f32']);
});

test('a remembered rung is taken without a probe; if it fails now, lower ones are probed', async () => {
  const rungs = rungsFor(request({}));
  const known = climber({}, 'webgpu f32');
  const climbed = await climb(rungs, known.fake);
  expect(known.built).toEqual(['webgpu f32']);
  expect(climbed.ladder).toMatchObject([{ outcome: 'remembered', cosine: null }]);

  const broken = climber({ 'webgpu f32': new Error('gone'), 'wasm f32': 1 }, 'webgpu f32');
  expect((await climb(rungs, broken.fake)).rung.device).toBe('wasm');

  const unknown = climber({ 'webgpu f16 subgroups': 1 }, 'a rung of another version');
  expect((await climb(rungs, unknown.fake)).ladder[0]!.outcome).toBe('passed');
});

test('an explicitly requested device is never abandoned for another', async () => {
  const wrong = climber({ 'webgpu f32': 0.9 });
  const rungs = rungsFor(request({ device: 'webgpu', gpu: { f16: false, subgroups: false } }));
  const error = await climb(rungs, wrong.fake).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ProbeError);
  expect((error as ProbeError).details.ladder).toMatchObject([{ device: 'webgpu', outcome: 'failed', cosine: 0.9 }]);
  expect(wrong.discarded).toEqual(['webgpu f32']);

  const absent = climber({ 'webgpu f32': new Error('no adapter') });
  await expect(climb(rungs, absent.fake)).rejects.toThrow(WebGPUUnavailableError);
  const heavy = climber({ 'wasm f32': new Error('out of memory') });
  const failure = await climb(rungsFor(request({ device: 'wasm' })), heavy.fake).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(VLM2VecError);
  expect(failure).not.toBeInstanceOf(ProbeError);
});
