/**
 * @file The examples of the reference: regions of the files in `examples/`, named after what they show. They are ordinary
 * TypeScript, compiled by the tests, and run where Node can run them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  Comment,
  CommentTag,
  ReflectionKind,
  type DeclarationReflection,
  type ProjectReflection,
  type Reflection,
} from 'typedoc';

export const EXAMPLES = path.join(import.meta.dirname, 'examples');

/**
 * `// #region similarity, maxSim` … `// #endregion`: the code between, for each of the names. `react:useVLM2Vec` where two entry
 * points have a name.
 */
const REGION = /^( *)\/\/ #region ([^\n]+)\n(.*?)\n *\/\/ #endregion$/gms;
const IMPORT = /^import (?:type )?(?:\{([^}]+)\}|(\w+|\* as \w+)) from '([^']+)';$/gm;

/** Code, by the names for which it is an example. */
export function readExamples(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of readdirSync(EXAMPLES)) {
    const text = readFileSync(path.join(EXAMPLES, file), 'utf8');
    const imports = [...text.matchAll(IMPORT)];
    for (const [, indent, names, body] of text.matchAll(REGION)) {
      const code = body!.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
      const used = (name: string) =>
        new RegExp(
          `(?<![\\w'"/.-])${name
            .split(' as ')
            .at(-1)!
            .replace(/^type /, '')}\\b`,
        ).test(code);
      const heads = imports.flatMap(([, list, whole, from]) => {
        const members = (list ?? '')
          .split(',')
          .map((each) => each.trim())
          .filter((each) => each && used(each));
        if (members.length > 0) return [`import { ${members.join(', ')} } from '${from}';`];
        return whole && used(whole) ? [`import ${whole} from '${from}';`] : [];
      });
      const whole = heads.length > 0 ? `${heads.join('\n')}\n\n${code}` : code;
      for (const name of names!.split(', ')) {
        if (found.has(name)) throw new Error(`${file}: ${name} has two examples.`);
        found.set(name, whole);
      }
    }
  }
  return found;
}

const CALLED = ReflectionKind.Function | ReflectionKind.Class | ReflectionKind.Method | ReflectionKind.Constructor;

/** Everything callable: functions, classes, methods, constructors, functions of exported objects. */
function called(project: ProjectReflection): DeclarationReflection[] {
  return (project.getReflectionsByKind(CALLED) as DeclarationReflection[]).filter(
    (each) => !each.inheritedFrom && !isError(each) && !isElementConstructor(each),
  );
}

/** Its name with the entry point's and without: `index:VLM2Vec.embed`, `VLM2Vec.embed`. */
function namesOf(reflection: Reflection): string[] {
  const names: string[] = [];
  let each: Reflection | undefined = reflection;
  for (; each && !each.kindOf(ReflectionKind.Module); each = each.parent) {
    if (!each.kindOf(ReflectionKind.TypeLiteral)) names.unshift(each.name);
  }
  const name = names.join('.');
  return [`${each?.name.split('vlm2vec-web/')[1] ?? 'index'}:${name}`, name];
}

/** Only the package creates errors; `docs/errors.md` says what to do about each. */
function isError({ name, parent, kind }: DeclarationReflection): boolean {
  return name.endsWith('Error') || (kind === ReflectionKind.Constructor && parent!.name.endsWith('Error'));
}

/** Members of a custom element that the document calls. */
export function isElementConstructor({ kind, parent, signatures }: DeclarationReflection): boolean {
  return (
    kind === ReflectionKind.Constructor &&
    /Element$|^VLM2Vec(Rank|Search)$/.test(parent!.name) &&
    !signatures?.[0]?.parameters?.length
  );
}

/** Adds the examples to their comments. @returns what is wrong with them */
export function attachExamples(project: ProjectReflection): string[] {
  const examples = readExamples();
  const left = new Set(examples.keys());
  const reflections = project.getReflectionsByKind(ReflectionKind.All) as DeclarationReflection[];
  for (const reflection of reflections) {
    const [name] = namesOf(reflection).filter((each) => examples.has(each));
    const code = name && examples.get(name);
    const isShown = reflection.kindOf(
      CALLED | ReflectionKind.Variable | ReflectionKind.Accessor | ReflectionKind.Interface,
    );
    if (!name || code === undefined || !isShown) continue;
    left.delete(name);
    // If there are several signatures, the first one.
    const target: Reflection = reflection.signatures?.[0] ?? reflection.getSignature ?? reflection;
    target.comment ??= new Comment();
    target.comment.blockTags.push(new CommentTag('@example', [{ kind: 'code', text: `\`\`\`ts\n${code}\n\`\`\`` }]));
  }
  return [...left].map((name) => `There is an example of ${name}, which is not exported.`);
}

/** Callables whose comment has no code. A class is shown by its own comment or its constructor's. */
export function withoutExample(project: ProjectReflection): Reflection[] {
  return called(project).filter((each) => !isShown(each));
}

function isShown(reflection: DeclarationReflection): boolean {
  const places: Reflection[] = [reflection, ...(reflection.signatures ?? [])];
  if (reflection.kind === ReflectionKind.Constructor) places.push(reflection.parent!);
  // Texts that callers provide as functions are shown together.
  if (/Words$/.test(reflection.parent?.name ?? '')) places.push(reflection.parent!);
  if (reflection.kind === ReflectionKind.Class) {
    const members = reflection.children?.filter(({ kind }) => kind === ReflectionKind.Constructor) ?? [];
    places.push(...members.flatMap(({ signatures }) => signatures ?? []));
  }
  return places.some(({ comment }) =>
    [...(comment?.summary ?? []), ...(comment?.blockTags ?? []).flatMap(({ content }) => content)].some(
      ({ kind, text }) => kind === 'code' && text.startsWith('```'),
    ),
  );
}
