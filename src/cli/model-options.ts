/** @file Options that several commands share: which model, and how it is run. */

import { InvalidArgumentError, Option, type Command } from 'commander';
import { recipes } from '../recipes';
import { positiveInteger } from './option-values';

/** The devices that models run on in Node; for those of browsers, the message says so. */
function device(value: string): 'cpu' | 'webgpu' {
  if (value === 'cpu' || value === 'webgpu') return value;
  throw new InvalidArgumentError(
    value === 'wasm' ? 'wasm is for browsers; use cpu here, which is faster.' : 'Use cpu or webgpu.',
  );
}

/** Options of the commands that run a model. */
export function withModel(command: Command): Command {
  return command
    .addOption(modelOption().makeOptionMandatory())
    .addOption(deviceOption())
    .addOption(weightsOption())
    .addOption(computeOption())
    .option('--min-pixels <n>', "enlarge images to this area (default: the checkpoint's)", positiveInteger)
    .option('--max-pixels <n>', "shrink images to this area (default: the checkpoint's)", positiveInteger)
    .option('--num-crops <n>', 'cut images into at most this many tiles, for models that use tiles', positiveInteger)
    .addOption(recipeOption("the bundle's own"));
}

export function recipeOption(otherwise: string): Option {
  return new Option(
    '--recipe <name|file>',
    `how the model is prompted: ${recipes.map(({ name }) => name).join(', ')}, or a JSON file (default: ${otherwise})`,
  );
}

export function modelOption(): Option {
  return new Option('--model <bundle>', 'folder of a bundle, or nano, the built-in model');
}

export function deviceOption(): Option {
  return new Option('--device <cpu|webgpu>', 'where to run').argParser(device).default('cpu');
}

export function weightsOption(): Option {
  return new Option(
    '--weights <auto|resident|streamed>',
    'keep weights in memory, or read them again for each group of inputs: slower, for models larger than memory',
  )
    .choices(['auto', 'resident', 'streamed'])
    .default('auto');
}

export function computeOption(): Option {
  return new Option(
    '--compute <exact|fast>',
    'products with quantized weights: fast rounds activations to 8 bits, if that passes the probe',
  )
    .choices(['exact', 'fast'])
    .default('exact');
}
