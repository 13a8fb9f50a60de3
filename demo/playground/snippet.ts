/** @file What was run, as code to copy. */

/** Which of the model's calls; they differ in their prompts. */
export type Call = 'rank' | 'sides' | 'embed';

export interface Trial {
  call: Call;
  text: string;
  /** Name of the query's picture; null without one. */
  picture: string | null;
  /** Texts, then names of pictures. */
  texts: readonly string[];
  pictures: readonly string[];
}

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;

/** TypeScript that runs as it is, in the folder of the pictures. */
export function snippetOf({ call, text, picture, texts, pictures }: Trial): string {
  const image = picture === null ? [] : [`image: ${quoted(picture)}`];
  const query =
    image.length === 0
      ? quoted(text)
      : `{ ${[...image, ...(text === '' ? [] : [`text: ${quoted(text)}`])].join(', ')} }`;
  const list = [...texts.map(quoted), ...pictures.map((name) => `{ image: ${quoted(name)} }`)];
  const candidates = `[\n${list.map((each) => `  ${each},\n`).join('')}]`;
  const head = (names: string) =>
    `import { ${names} } from 'vlm2vec-web';\n\nconst model = await VLM2Vec.load('nano');\n`;
  if (call === 'rank') {
    return (
      `${head('VLM2Vec')}const ranked = await model.rank(${query}, ${candidates});\n` +
      'for (const { candidate, score } of ranked) console.log(score, candidate);\n'
    );
  }
  const [first, other] = call === 'sides' ? ['embedQuery', 'embedDocument'] : ['embed', 'embed'];
  return (
    `${head('similarity, VLM2Vec')}const query = await model.${first}(${query});\n` +
    `const candidates = await model.${other}(${candidates});\n` +
    'const [scores] = similarity([query], candidates);\nconsole.log(scores);\n'
  );
}
