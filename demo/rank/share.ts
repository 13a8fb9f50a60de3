/**
 * @file A link to what the page shows: task, instruction, captions, and names of samples. Never a picture: a link
 * contains only words. All of it comes after the `#`, which browsers do not send to the site.
 */
import { taskOf, TASKS, type TaskId } from './tasks';

export interface Shared {
  task: TaskId;
  /** null: MMEB's instruction. */
  instruction: string | null;
  question: string;
  captions: string[];
  /** Files of sample pictures. */
  samples: string[];
}

/** More than this of anything in a link is not genuine. */
const MOST = 100;
const LONGEST = 1000;

/** `task=vqa&ask=…&caption=…&caption=…&sample=cat.jpg` */
export function toHash({ task, instruction, question, captions, samples }: Shared): string {
  const params = new URLSearchParams({ task });
  if (instruction !== null) params.set('instruction', instruction);
  if (question && taskOf(task).asks) params.set('ask', question);
  for (const caption of captions) params.append('caption', caption);
  for (const sample of samples) params.append('sample', sample);
  return params.toString();
}

/** null if the address contains nothing of the kind. */
export function fromHash(hash: string): Shared | null {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  const task = TASKS.find(({ id }) => id === params.get('task'));
  if (!task) return null;
  const texts = (name: string) =>
    params
      .getAll(name)
      .slice(0, MOST)
      .map((text) => text.slice(0, LONGEST));
  return {
    task: task.id,
    instruction: texts('instruction')[0] ?? null,
    question: texts('ask')[0] ?? '',
    captions: texts('caption'),
    samples: texts('sample').filter((file) => /^[\w.-]+$/.test(file)),
  };
}
