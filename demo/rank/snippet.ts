/** @file The page's last ranking as code against the package: the same calls with the same words. */
import type { ModelChoice } from '../shell';
import { queryText, targetText, type Task } from './tasks';
import { takesInstruction, type AskedBy } from './wording';

export interface SnippetOptions {
  choice: ModelChoice;
  device: string;
  task: Task;
  instruction: string;
  question: string;
  recipe: AskedBy;
  texts: readonly string[];
  /** The address of a sample, or null for a visitor's own file, with its name. */
  pictures: readonly { url: string | null; name: string }[];
  /** In pixels of the first picture; for grounding only. */
  boxes: readonly { x: number; y: number; width: number; height: number }[];
}

const literal = (value: unknown) =>
  JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
const list = (items: readonly string[]) => `[\n${items.map((item) => `  ${item}\n`).join('')}]`;

function sourceOf(choice: ModelChoice): string {
  if (choice.kind === 'nano') return literal('nano');
  if (choice.kind === 'url') return literal(choice.url);
  return choice.kind === 'stored' ? `{ name: ${literal(choice.name)} }` : 'modelFiles';
}

export function toSnippet(options: SnippetOptions): string {
  const { choice, device, task, texts, pictures, boxes } = options;
  const own = pictures.filter(({ url }) => url === null);
  let next = 0;
  const images = pictures.map(({ url, name }) => (url ? `${literal(url)},` : `files[${next++}], // ${literal(name)}`));
  const lines = [
    `import { similarity, VLM2Vec } from 'vlm2vec-web';`,
    '',
    ...(choice.kind === 'folder'
      ? ['// modelFiles: the files of the model’s folder, of an <input webkitdirectory>']
      : []),
    ...(own.length > 0 ? ['// files: the pictures, of an <input type="file" multiple>'] : []),
    `const model = await VLM2Vec.load(${sourceOf(choice)}, { device: ${literal(device)} });`,
    `const pictures = ${list(images)};`,
    `const texts = ${list(texts.map((text) => `${literal(text)},`))};`,
    ...(task.boxes ? boxLines(boxes) : []),
    `const [rows, columns] = [`,
    `  await model.embed(texts.map((text) => (${rowInput(options)}))),`,
    `  await model.embed(${columnInput(options)}),`,
    '];',
    '// A line per text, a column per picture; 1 is the same, 0 has nothing to do with it.',
    `const scores = rows.map((row) => columns.map((column) => similarity(${task.queries === 'texts' ? 'row, column' : 'column, row'})));`,
    'await model.dispose();',
  ];
  return `${lines.join('\n')}\n`;
}

/** The words as code, with `text` in place of a mark that no text contains. */
function template(fill: (text: string) => string): string {
  const mark = '\0';
  const parts = fill(mark).split(mark).map(literal);
  const code = parts.flatMap((part, i) => (i === 0 ? [part] : ['text', part])).filter((part) => part !== '""');
  return code.join(' + ') || '""';
}

/** The side and, if accepted, the instruction, for recipes of templates. */
function sided(isQuery: boolean, { recipe, instruction }: SnippetOptions): string {
  if (!isQuery) return `role: 'document'`;
  return takesInstruction(recipe) ? `role: 'query', instruction: ${literal(instruction)}` : `role: 'query'`;
}

function rowInput(options: SnippetOptions): string {
  const { task, instruction, recipe } = options;
  if (!recipe.isRaw) {
    return `{ ${task.boxes ? 'image: pictures[0], ' : ''}text, ${sided(task.queries === 'texts', options)} }`;
  }
  if (task.queries === 'pictures') return template((text) => targetText(task, text));
  const words = template((text) => queryText(task, instruction, text));
  return task.boxes ? `{ image: pictures[0], text: ${words} }` : words;
}

function columnInput(options: SnippetOptions): string {
  const { task, instruction, question, recipe } = options;
  const images = task.boxes ? 'crops' : 'pictures';
  if (!recipe.isRaw) {
    const text = task.asks && question ? `text: ${literal(question)}, ` : '';
    return `${images}.map((image) => ({ image, ${text}${sided(task.queries === 'pictures', options)} }))`;
  }
  const words =
    task.queries === 'pictures' ? queryText(task, instruction, task.asks ? question : '') : targetText(task, '');
  return `${images}.map((image) => ({ image, text: ${literal(words)} }))`;
}

function boxLines(boxes: SnippetOptions['boxes']): string[] {
  return [
    'const source = pictures[0] instanceof Blob ? pictures[0] : await (await fetch(pictures[0])).blob();',
    `const boxes = ${list(boxes.map(({ x, y, width, height }) => `[${[x, y, width, height].join(', ')}],`))};`,
    `const crops = await Promise.all(boxes.map((box) => createImageBitmap(source, ...box, { colorSpaceConversion: 'none' })));`,
  ];
}
