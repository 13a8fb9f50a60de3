/** @file Pieces of Qwen2-VL's chat template that many recipes are made of. */

/** One picture, between the markers that M-RoPE looks for. */
export const VISION_MARKER = '<|vision_start|><|image_pad|><|vision_end|>';
/** The instruction of Qwen2-VL's own chat template. */
export const HELPFUL = 'You are a helpful assistant.';
/** A system turn with {instruction}, and the user's turn begun. */
export const SYSTEM = '<|im_start|>system\n{instruction}<|im_end|>\n<|im_start|>user\n';
/** The same with the instruction that some recipes fix. */
export const HELPFUL_SYSTEM = `<|im_start|>system\n${HELPFUL}<|im_end|>\n<|im_start|>user\n`;
/** The user's turn ended, the assistant's begun. */
export const ASSISTANT = '<|im_end|>\n<|im_start|>assistant\n';
/** … and the token that is pooled. */
export const ASSISTANT_END = `${ASSISTANT}<|endoftext|>`;

/** Pixels of a visual token of 28 × 28: limits are given in so many of them. */
export const TOKEN = 784;
