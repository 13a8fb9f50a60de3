import { describe, expect, test } from 'vitest';
import type { BundleManifest } from '../bundle/manifest';
import { WebGPUUnavailableError } from '../errors';
import { tooSmallFor } from './capability';
import { adapterFacts, noWebGPU, requestAdapter, requestGpu, subgroupsUsable } from './device';

const LIMITS = {
  maxBufferSize: 2 ** 31,
  maxStorageBufferBindingSize: 2 ** 30,
  maxStorageBuffersPerShaderStage: 10,
  maxComputeWorkgroupStorageSize: 32768,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupSizeY: 1024,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupsPerDimension: 65535,
};

function fakeAdapter({ features, subgroupMinSize }: { features: string[]; subgroupMinSize?: number }) {
  const requests: GPUDeviceDescriptor[] = [];
  const compiled: string[] = [];
  const adapter = {
    info: { vendor: 'acme', architecture: 'gen9', device: '', description: 'Acme 9', subgroupMinSize },
    features: new Set(features),
    limits: LIMITS,
    requestDevice: async (descriptor: GPUDeviceDescriptor) => {
      requests.push(descriptor);
      return { createShaderModule: ({ code }: GPUShaderModuleDescriptor) => void compiled.push(code) };
    },
  } as unknown as GPUAdapter;
  return { adapter, requests, compiled };
}

const compile = (device: GPUDevice) => device.createShaderModule({ code: 'var a : f32;' });

describe('the device', () => {
  test('has the adapter’s limits and f16', async () => {
    const { adapter, requests } = fakeAdapter({ features: ['shader-f16'] });
    const gpu = await requestGpu(adapter, { subgroups: true });
    expect(requests).toEqual([{ requiredFeatures: ['shader-f16'], requiredLimits: LIMITS }]);
    expect(gpu).toMatchObject({ subgroups: false, adapter: { vendor: 'acme', f16: true, maxBufferSize: 2 ** 31 } });
  });

  test('gets subgroups of 8 or more, and then its shaders are patched', async () => {
    const { adapter, requests, compiled } = fakeAdapter({ features: ['subgroups'], subgroupMinSize: 8 });
    const gpu = await requestGpu(adapter, { subgroups: true });
    expect(requests[0]!.requiredFeatures).toEqual(['subgroups']);
    expect(gpu.subgroups).toBe(true);
    compile(gpu.device);
    expect(compiled).toEqual(['var a : f32 = f32();']);
  });

  test.each([4, 1])('gets no subgroups where they may be %i wide', async (subgroupMinSize) => {
    const { adapter, requests, compiled } = fakeAdapter({ features: ['subgroups'], subgroupMinSize });
    const gpu = await requestGpu(adapter, { subgroups: true });
    expect(requests[0]!.requiredFeatures).toEqual([]);
    expect(gpu.subgroups).toBe(false);
    compile(gpu.device);
    expect(compiled).toEqual(['var a : f32;']);
  });

  test('gets none if the rung says so, or if the width is unknown', async () => {
    const wide = fakeAdapter({ features: ['subgroups'], subgroupMinSize: 32 });
    expect((await requestGpu(wide.adapter, { subgroups: false })).subgroups).toBe(false);
    expect(subgroupsUsable(adapterFacts(fakeAdapter({ features: ['subgroups'] }).adapter))).toBe(false);
  });

  test('is left as it is with the remedies off', async () => {
    const { adapter, requests, compiled } = fakeAdapter({ features: ['subgroups'], subgroupMinSize: 4 });
    const gpu = await requestGpu(adapter, { subgroups: true, attention: 'as-is' });
    expect(requests[0]!.requiredFeatures).toEqual(['subgroups']);
    compile(gpu.device);
    expect(compiled).toEqual(['var a : f32;']);
  });

  test('that the browser refuses causes a WebGPUUnavailableError', async () => {
    const { adapter } = fakeAdapter({ features: [] });
    adapter.requestDevice = () => Promise.reject(new Error('limits'));
    await expect(requestGpu(adapter, { subgroups: false })).rejects.toThrow(WebGPUUnavailableError);
  });

  test('needs an adapter, which a browser may not offer', async () => {
    expect(await requestAdapter(undefined)).toBeNull();
    const refusing = { requestAdapter: () => Promise.reject(new Error('blocked')) } as unknown as GPU;
    expect(await requestAdapter(refusing)).toBeNull();
  });
});

test('a weight above either buffer limit is named', () => {
  const tensors = [{ name: 'layers.0.mlp.q', bytes: 200_000_000 }];
  const manifest = { stages: [{ name: 'text.0', tensors }] } as unknown as BundleManifest;
  const { adapter } = fakeAdapter({ features: [] });
  const facts = adapterFacts(adapter);
  expect(tooSmallFor(manifest, facts)).toBeNull();
  const error = tooSmallFor(manifest, { ...facts, maxStorageBufferBindingSize: 2 ** 27 });
  expect(error).toBeInstanceOf(WebGPUUnavailableError);
  expect(error!.message).toContain("'layers.0.mlp.q' of stage text.0");
  expect(tooSmallFor(manifest, { ...facts, maxBufferSize: 2 ** 27 })).not.toBeNull();
});

test('why there is no WebGPU: https is named only if it is the reason', () => {
  expect(noWebGPU(undefined, true)).toBe('This browser offers no WebGPU.');
  expect(noWebGPU(undefined, false)).toMatch(/https or from localhost/);
  expect(noWebGPU({} as GPU, true)).toMatch(/finds no GPU/);
});
