/**
 * @file Settings of `config.json` that change what is computed, apart from the numbers that `config.ts` reads.
 * transformers accepts any key; each one that its Qwen2-VL acts on (releases 4.47 to 5.24 were read) is listed here
 * with what this package computes. These are left out because nothing computed here depends on them: dropout and
 * initializer ranges (training), `tie_word_embeddings` (the output layer is not used), `sliding_window` and
 * `max_window_layers` (only with `use_sliding_window`), `spatial_patch_size`, token ids other than the image's, and
 * data types.
 */

import { CheckpointFormatError } from '../../errors';
import { refuseOtherSettings, unsetOr, type Computed } from '../settings';

type Json = Record<string, unknown>;

/** Base of the tower's rotary embedding, fixed until transformers 5. */
const VISION_THETA = 10_000;

const isFullAttention = (value: unknown) => Array.isArray(value) && value.every((type) => type === 'full_attention');

const TEXT: Computed = {
  hidden_act: unsetOr('silu'),
  use_sliding_window: unsetOr(false),
  layer_types: (value) => value == null || isFullAttention(value),
  partial_rotary_factor: unsetOr(1),
  is_causal: unsetOr(true),
  use_bidirectional_attention: unsetOr(false),
};

const VISION: Computed = {
  hidden_act: unsetOr('quick_gelu'),
  rope_theta: unsetOr(VISION_THETA),
};

/** Packed or scaled weights are not the plain matrices that a checkpoint's tensors are taken for. */
const WHOLE: Computed = {
  quantization_config: unsetOr(),
  compression_config: unsetOr(),
};

const TEXT_ROPE: Computed = {
  // `mrope` is plain rotary embedding for 1-D positions
  rope_type: unsetOr('default', 'mrope'),
  type: unsetOr('default', 'mrope'),
  partial_rotary_factor: unsetOr(1),
  full_attention: unsetOr(), // settings per kind of layer
  sliding_attention: unsetOr(),
};

const VISION_ROPE: Computed = {
  rope_type: unsetOr('default', 'axial'),
  type: unsetOr('default', 'axial'),
  rope_theta: unsetOr(VISION_THETA),
  partial_rotary_factor: unsetOr(1),
};

/** @throws UnsupportedError naming a setting of `config.json` that this package does not compute. */
export function refuseVariants({ whole, text, vision }: { whole: Json; text: Json; vision: Json }): void {
  refuseOtherSettings(whole, WHOLE);
  const textPath = text === whole ? '' : 'text_config.';
  if (text.hidden_act == null) throw new CheckpointFormatError(`config.json: "${textPath}hidden_act" is missing.`);
  refuseOtherSettings(text, TEXT, { path: textPath });
  refuseOtherSettings(vision, VISION, { path: 'vision_config.' });
  for (const key of ['rope_scaling', 'rope_parameters']) {
    refuseOtherSettings(settings(text, key), TEXT_ROPE, { path: `${textPath}${key}.` });
    refuseOtherSettings(settings(vision, key), VISION_ROPE, { path: `vision_config.${key}.` });
  }
}

/**
 * Base of the language model's rotary embedding, as transformers 5 determines it: `rope_scaling`, the older name,
 * stands for `rope_parameters` if it says anything, and a `rope_theta` inside it takes precedence over one beside it.
 */
export function ropeSettings(text: Json): Json {
  const scaling = settings(text, 'rope_scaling');
  const inner = Object.keys(scaling).length > 0 ? scaling : settings(text, 'rope_parameters');
  return inner.rope_theta === undefined ? text : inner;
}

function settings(json: Json, key: string): Json {
  const value = json[key] ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new CheckpointFormatError(`config.json: "${key}" is not an object.`, { key });
  }
  return value as Json;
}
