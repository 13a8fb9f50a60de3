/** @file `config.json` of the official base models, as far as it is read: for tests of sizes and choices. */

export const config2B = {
  model_type: 'qwen2_vl',
  hidden_act: 'silu',
  hidden_size: 1536,
  intermediate_size: 8960,
  num_attention_heads: 12,
  num_hidden_layers: 28,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1000000,
  tie_word_embeddings: true,
  max_position_embeddings: 32768,
  vocab_size: 151936,
  image_token_id: 151655,
  vision_config: { depth: 32, embed_dim: 1280, mlp_ratio: 4, num_heads: 16, hidden_size: 1536, patch_size: 14 },
  rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] },
};
/** Untied, so its table is a twentieth of it. */
export const config7B = {
  ...config2B,
  hidden_size: 3584,
  intermediate_size: 18944,
  num_attention_heads: 28,
  num_key_value_heads: 4,
  tie_word_embeddings: false,
  vocab_size: 152064,
  vision_config: { ...config2B.vision_config, hidden_size: 3584 },
};
