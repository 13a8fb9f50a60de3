import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { names as rules } from '../models/qwen2-vl/names';
import { canonicalName, layoutOf, nameInLayout, type NameRules } from './names';

const [canonicalLayout, nested] = rules.layouts;

describe("Qwen2-VL's names", () => {
  it.each([
    ['model.layers.0.self_attn.q_proj.weight', 'model.layers.0.self_attn.q_proj.weight'],
    ['model.language_model.layers.0.self_attn.q_proj.weight', 'model.layers.0.self_attn.q_proj.weight'],
    ['language_model.model.layers.0.self_attn.q_proj.weight', 'model.layers.0.self_attn.q_proj.weight'],
    ['model.language_model.embed_tokens.weight', 'model.embed_tokens.weight'],
    ['language_model.model.norm.weight', 'model.norm.weight'],
    ['visual.merger.mlp.0.weight', 'visual.merger.mlp.0.weight'],
    ['model.visual.merger.mlp.0.weight', 'visual.merger.mlp.0.weight'],
    ['lm_head.weight', 'lm_head.weight'],
    ['language_model.lm_head.weight', 'lm_head.weight'],
    ['language_model.lm_head', 'lm_head'],
    ['models.layers.0', 'models.layers.0'],
    ['something.else', 'something.else'],
  ])('%s is %s', (name, canonical) => {
    expect(canonicalName(name, rules)).toBe(canonical);
    expect(canonicalName(canonical, rules)).toBe(canonical);
  });

  it('translates to the layout of any names and back', () => {
    const samples = [
      'model.layers.0.x',
      'model.language_model.layers.0.x',
      'language_model.model.layers.0.x',
      'model.visual.x',
    ];
    const modules = ['model.layers.3.mlp.up_proj', 'visual.blocks.0.attn.qkv', 'lm_head', 'model.embed_tokens'];
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.constantFrom(...modules), (sample, name) => {
        const there = nameInLayout(name, layoutOf([sample], rules), rules);
        expect(canonicalName(`${there}.weight`, rules)).toBe(`${name}.weight`);
      }),
    );
    expect(layoutOf(['visual.blocks.0', 'lm_head'], rules)).toBe(canonicalLayout);
    expect(layoutOf(['lm_head', 'model.visual.blocks.0'], rules)).toBe(nested);
    expect(nameInLayout('visual.blocks.0', nested!, rules)).toBe('model.visual.blocks.0');
  });
});

it('takes the longest path that fits, even a complete name', () => {
  const other: NameRules = {
    layouts: [
      { text: 'language_model.model', newline: 'image_newline', rest: 'tower' },
      { text: 'model.language_model', newline: 'model.image_newline', rest: 'model' },
    ],
    unneeded: /^$/,
    unadaptable: /^$/,
  };
  expect(canonicalName('model.image_newline', other)).toBe('image_newline');
  expect(canonicalName('model.image_newlines', other)).toBe('tower.image_newlines');
  expect(canonicalName('model.language_model.norm.weight', other)).toBe('language_model.model.norm.weight');
  expect(nameInLayout('tower.a', other.layouts[1]!, other)).toBe('model.a');
});
