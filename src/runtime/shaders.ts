/**
 * @file A workaround for shader compilers that forget to zero a variable declared inside a loop.
 *
 * WGSL says `var x : T;` is zero each time the declaration runs. Dawn's SPIR-V back end (Chrome on Vulkan) zeroes it
 * once per function instead, so ONNX Runtime's flash attention, which accumulates into such variables, adds the last
 * tile's scores to the next one's. An explicit initializer is compiled correctly everywhere.
 */

const DECLARATION = /\bvar\s+(\w+)\s*:\s*([^=;{}()]+);/g;

/** WGSL with every function variable that has no initializer set to its type's zero value. */
export function zeroVariables(code: string): string {
  return code.replace(DECLARATION, (_, name: string, type: string) => `var ${name} : ${type} = ${type.trim()}();`);
}

/** Makes `device` compile every shader with {@link zeroVariables} applied. */
export function patchShaderModules(device: GPUDevice): void {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => create({ ...descriptor, code: zeroVariables(descriptor.code) });
}
