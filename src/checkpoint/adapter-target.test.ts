import { describe, expect, it } from 'vitest';
import { parseAdapterConfig } from './adapter-config';
import { isTarget } from './adapter-target';
import { rankAndAlpha } from './pattern-rules';

const parse = (over: Record<string, unknown>) =>
  parseAdapterConfig({ peft_type: 'LORA', r: 8, lora_alpha: 8, target_modules: ['q_proj'], ...over }, 'test');

const PATHS = [
  'model.layers.0.self_attn.q_proj',
  'model.layers.1.self_attn.q_proj',
  'model.layers.11.mlp.down_proj',
  'model.layers.1.mlp.up_proj',
  'visual.blocks.1.attn.qkv',
  'visual.blocks.1.mlp.fc1',
  'visual.merger.mlp.0',
  'visual.merger.mlp.2',
  'lm_head',
  'model.embed_tokens',
  'model.language_model.layers.1.self_attn.q_proj',
  'q_proj',
  'model.my_q_proj',
];

// Which of PATHS peft 0.14.0's check_target_module_exists accepts, by index.
const TARGETS: [Record<string, unknown>, number[]][] = [
  [{ target_modules: ['q_proj', 'down_proj', 'qkv_proj'] }, [0, 1, 2, 10, 11]],
  [{ target_modules: ['self_attn.q_proj', 'mlp.0'] }, [0, 1, 6, 10]],
  [{ target_modules: ['model.layers.1.self_attn.q_proj'] }, [1]],
  [{ target_modules: '.*layers\\.1\\..*_proj' }, [1, 3, 10]],
  [{ target_modules: 'q_proj' }, [11]],
  [{ target_modules: '(?!.*visual).*(q_proj|down_proj|mlp\\.0)' }, [0, 1, 2, 10, 11, 12]],
  [{ target_modules: ['q_proj', 'fc1', '0'], layers_to_transform: [1] }, [1, 5, 10, 11]],
  [{ target_modules: ['q_proj', 'fc1', 'down_proj'], layers_to_transform: 1, layers_pattern: 'layers' }, [1, 10, 11]],
  [
    {
      target_modules: ['q_proj', 'fc1', 'model.layers.0.self_attn.q_proj'],
      layers_to_transform: [1, 11],
      layers_pattern: ['blocks', 'layers'],
    },
    [0, 1, 5, 10, 11],
  ],
  [{ target_modules: ['q_proj', 'down_proj'], exclude_modules: ['layers.1.self_attn.q_proj'] }, [0, 2, 11]],
  [{ target_modules: ['q_proj', 'down_proj'], exclude_modules: '.*\\.1\\..*' }, [0, 2, 11]],
];

// The rank of each of PATHS by peft 0.14.0's get_pattern_key, 8 being the default.
const RANKS: [Record<string, number>, number[]][] = [
  [{ q_proj: 3 }, [3, 3, 8, 8, 8, 8, 8, 8, 8, 8, 3, 3, 8]],
  [{ 'layers.1.self_attn.q_proj': 3, q_proj: 4 }, [4, 3, 8, 8, 8, 8, 8, 8, 8, 8, 3, 4, 8]],
  [{ q_proj: 4, 'layers.1.self_attn.q_proj': 3 }, [4, 4, 8, 8, 8, 8, 8, 8, 8, 8, 4, 4, 8]],
  [{ 'model.layers.1.self_attn.q_proj': 3 }, [8, 3, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]],
  [{ 'layers\\.\\d+\\.self_attn\\..*': 5 }, [5, 5, 8, 8, 8, 8, 8, 8, 8, 8, 5, 8, 8]],
  [{ 'q_proj|down_proj': 6 }, [6, 6, 8, 8, 8, 8, 8, 8, 8, 8, 6, 8, 8]],
  [{ lm_head: 2, 'mlp.0': 7 }, [8, 8, 8, 8, 8, 8, 7, 8, 2, 8, 8, 8, 8]],
  [{ _proj: 9 }, [8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]],
  [{ '.*_proj': 9 }, [9, 9, 9, 9, 8, 8, 8, 8, 8, 8, 9, 8, 9]],
];

describe('target modules', () => {
  it.each(TARGETS)('%j are those that PEFT adapts', (config, expected) => {
    const parsed = parse(config);
    expect(PATHS.flatMap((path, i) => (isTarget(parsed, path) ? [i] : []))).toEqual(expected);
  });

  it.each(RANKS)('rank_pattern %j gives the ranks that PEFT gives', (pattern, expected) => {
    const parsed = parse({ rank_pattern: pattern, alpha_pattern: pattern });
    expect(PATHS.map((path) => rankAndAlpha(parsed, path, '0.14').r)).toEqual(expected);
    expect(PATHS.map((path) => rankAndAlpha(parsed, path, '0.14').alpha)).toEqual(expected);
  });
});
