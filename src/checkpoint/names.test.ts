import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CANONICAL_LAYOUT, canonicalName, layoutOf, nameInLayout } from './names';

describe('tensor names', () => {
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
    ['something.else', 'something.else'],
  ])('%s is %s', (name, canonical) => {
    expect(canonicalName(name)).toBe(canonical);
    expect(canonicalName(canonical)).toBe(canonical);
  });

  it('translates to the layout of any name and back', () => {
    const samples = [
      'model.layers.0.x',
      'model.language_model.layers.0.x',
      'language_model.model.layers.0.x',
      'model.visual.x',
    ];
    const names = ['model.layers.3.mlp.up_proj', 'visual.blocks.0.attn.qkv', 'lm_head', 'model.embed_tokens'];
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.constantFrom(...names), (sample, name) => {
        expect(canonicalName(`${nameInLayout(name, layoutOf([sample]))}.weight`)).toBe(`${name}.weight`);
      }),
    );
    expect(layoutOf(['visual.blocks.0', 'lm_head'])).toBe(CANONICAL_LAYOUT);
    expect(nameInLayout('visual.blocks.0', layoutOf(['model.language_model.norm']))).toBe('model.visual.blocks.0');
  });
});
