/** @file Texts: the checkpoint's tokenizer, VLM2Vec's prompts, MMEB's instructions. */
export { fillPrompt, instructions, type TaskName, type TaskPrompts } from './instructions';
export {
  composePrompt,
  encodePrompt,
  expandImageToken,
  type EncodedPrompt,
  type EncodeOptions,
  type PromptParts,
} from './prompt';
export { loadTokenizer, type Tokenizer } from './tokenizer';
