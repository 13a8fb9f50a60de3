/**
 * @file The tasks of the ranking page, each with the prompts that MMEB has for it. A prompt is shown and edited without
 * the image token before it and the newline after it, which `promptOf` adds again.
 */
import { instructions, type TaskName } from '../../src/index';

export type TaskId = 'caption' | 'classification' | 'vqa' | 'retrieval' | 'grounding';

export interface Task {
  id: TaskId;
  /** MMEB's task whose prompts these are. */
  mmeb: TaskName;
  /** The side of the queries; softmax runs over the candidates, the other side. */
  queries: 'pictures' | 'texts';
  /** Whether a question goes with every picture. */
  asks: boolean;
  /** Whether the columns are boxes on one picture, and the texts go with that picture. */
  boxes: boolean;
}

export const TASKS: readonly Task[] = [
  { id: 'caption', mmeb: 'MSCOCO_i2t', queries: 'pictures', asks: false, boxes: false },
  { id: 'classification', mmeb: 'ImageNet-1K', queries: 'pictures', asks: false, boxes: false },
  { id: 'vqa', mmeb: 'OK-VQA', queries: 'pictures', asks: true, boxes: false },
  { id: 'retrieval', mmeb: 'MSCOCO_t2i', queries: 'texts', asks: false, boxes: false },
  { id: 'grounding', mmeb: 'MSCOCO', queries: 'texts', asks: false, boxes: true },
];

export const taskOf = (id: string): Task => TASKS.find((task) => task.id === id) ?? TASKS[0]!;

const IMAGE = '{image}\n';

/** MMEB's query prompt as it is shown for editing. */
export function queryInstruction({ mmeb }: Task): string {
  return shown(instructions[mmeb].query);
}

function shown(template: string): string {
  return template.replace(IMAGE, '').replace(/\n$/, '');
}

/** Whether an instruction must say where the question or label goes. */
export const needsText = ({ queries, asks }: Task): boolean => asks || queries === 'texts';

/**
 * The text of a query in the form that `embed` takes: MMEB's template with the edited instruction in it. `embed` puts
 * the image token in front of a text that comes with an image.
 */
export function queryText(task: Task, instruction: string, text: string): string {
  const { query } = instructions[task.mmeb];
  const filled = instruction.replaceAll('{text}', () => text);
  return query.endsWith('\n') ? `${filled}\n` : filled;
}

/** The text of a candidate: with an image MMEB's words for it, without one the text itself. */
export function targetText(task: Task, text: string): string {
  const { target } = instructions[task.mmeb];
  return target.replace(IMAGE, '').replaceAll('{text}', () => text);
}
