import { expect, test } from 'vitest';
import { patchShaderModules, zeroVariables } from './shaders';

test('variables without a value get their type’s zero', () => {
  expect(zeroVariables('  var qk_1 : vec4<f32>;')).toBe('  var qk_1 : vec4<f32> = vec4<f32>();');
  expect(zeroVariables('var sums: array<vec4<f16>, 8>;\nvar n : u32;')).toBe(
    'var sums : array<vec4<f16>, 8> = array<vec4<f16>, 8>();\nvar n : u32 = u32();',
  );
});

test.each([
  'var x : f32 = 1.0;',
  'var x = f(y);',
  'var<workgroup> tile : array<f32, 64>;',
  '@group(0) @binding(0) var<storage, read> a : array<f32>;',
  'let x : f32 = y;',
  'fn f(a : f32, b : u32) -> f32 { return a; }',
])('%s stays as it is', (code) => {
  expect(zeroVariables(code)).toBe(code);
});

test('a patched device compiles the patched code and keeps the rest of the descriptor', () => {
  const seen: GPUShaderModuleDescriptor[] = [];
  const device = {
    createShaderModule(descriptor: GPUShaderModuleDescriptor) {
      seen.push(descriptor);
      return this;
    },
  };
  patchShaderModules(device as unknown as GPUDevice);
  expect(device.createShaderModule({ label: 'attention', code: 'var a : i32;' })).toBe(device);
  expect(seen).toEqual([{ label: 'attention', code: 'var a : i32 = i32();' }]);
});
