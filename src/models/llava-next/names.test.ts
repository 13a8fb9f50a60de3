import { describe, expect, test } from 'vitest';
import { canonicalName, layoutOf, nameInLayout } from '../../checkpoint/names';
import { names } from './names';

/** Names as transformers writes them until 4.51, and as later releases call the modules. */
const PAIRS = [
  ['language_model.model.layers.3.self_attn.q_proj.weight', 'model.language_model.layers.3.self_attn.q_proj.weight'],
  ['language_model.model.embed_tokens.weight', 'model.language_model.embed_tokens.weight'],
  ['language_model.lm_head.weight', 'lm_head.weight'],
  ['vision_tower.vision_model.pre_layrnorm.bias', 'model.vision_tower.vision_model.pre_layrnorm.bias'],
  ['multi_modal_projector.linear_1.weight', 'model.multi_modal_projector.linear_1.weight'],
  ['image_newline', 'model.image_newline'],
] as const;

test.each(PAIRS)('%s = %s', (canonical, later) => {
  expect(canonicalName(canonical, names)).toBe(canonical);
  expect(canonicalName(later, names)).toBe(canonical);
  expect(nameInLayout(canonical, layoutOf([later], names), names)).toBe(later);
});

describe('weights that are not needed', () => {
  const tower = 'vision_tower.vision_model';
  test.each([
    'language_model.lm_head.weight',
    `${tower}.post_layernorm.weight`,
    `${tower}.embeddings.position_ids`,
    `${tower}.encoder.layers.23.self_attn.out_proj.bias`,
  ])('%s', (name) => expect(names.unneeded.test(name)).toBe(true));

  test.each([
    'image_newline',
    'multi_modal_projector.linear_3.weight',
    'language_model.model.layers.0.self_attn.q_proj.bias',
    `${tower}.encoder.layers.0.self_attn.q_norm.weight`,
  ])('not %s', (name) => expect(names.unneeded.test(name)).toBe(false));
});

test.each([
  'language_model.model.embed_tokens.weight',
  'language_model.lm_head.weight',
  'vision_tower.vision_model.embeddings.patch_embedding.weight',
])('an adapter may not change %s', (name) => expect(names.unadaptable.test(name)).toBe(true));
