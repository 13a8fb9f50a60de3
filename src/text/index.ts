/** @file Texts: the checkpoint's tokenizer, and MMEB's instructions. */
export { fillPrompt, instructions, type TaskName, type TaskPrompts } from './instructions';
export { loadTokenizer, MAX_TEXT, type Tokenizer } from './tokenizer';
