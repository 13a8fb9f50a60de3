/**
 * @file The reference of all entry points, by TypeDoc from the comments in the source, each call with its example
 * (`examples/`). An export or member without a comment, a function, class or method without an example, a parameter without
 * a name, a type that is used but not exported, and a link that leads nowhere are errors.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  Application,
  Comment,
  Converter,
  Logger,
  LogLevel,
  ParameterReflection,
  ReflectionKind,
  ReflectionType,
  type DeclarationReflection,
  type ProjectReflection,
  type Reflection,
  type TypeDocOptions,
} from 'typedoc';
import { ENTRY_POINTS } from '../entry-points.ts';
import { attachExamples, isElementConstructor, withoutExample } from './examples.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

const OPTIONS: TypeDocOptions = {
  name: 'vlm2vec-web',
  entryPoints: Object.values(ENTRY_POINTS).map((file) => path.join(ROOT, file)),
  tsconfig: path.join(ROOT, 'tsconfig.build.json'),
  readme: 'none',
  excludeInternal: true,
  excludeExternals: true,
  disableSources: true,
  skipErrorChecking: true, // tsc does that
  githubPages: false,
  blockTags: ['@file', '@default', '@param', '@returns', '@throws'],
  validation: { notExported: true, invalidLink: true, notDocumented: false }, // see `undocumented`
};

/** The reference, and what is wrong with it. */
export interface Reference {
  app: Application;
  project: ProjectReflection;
  /** TypeDoc's warnings; the list grows while pages are written. */
  complaints: string[];
}

/**
 * @param options in addition to those of the reference itself
 * @param prepare is called before the source is read
 */
export async function readReference(
  options: TypeDocOptions = {},
  prepare: (app: Application) => void = () => undefined,
): Promise<Reference> {
  const complaints: string[] = [];
  const app = await Application.bootstrap({ ...OPTIONS, ...options });
  app.logger = new Collector(complaints);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of Object.values(project.reflections)) {
      settleFileComment(reflection);
      nameOptions(reflection);
    }
  });
  prepare(app);
  const project = await app.convert();
  if (!project) throw new Error(`The source does not compile.\n${complaints.join('\n')}`);
  app.validate(project);
  complaints.push(...undocumented(project).map((each) => `${each.getFriendlyFullName()} has no comment.`));
  complaints.push(...attachExamples(project));
  complaints.push(...withoutExample(project).map((each) => `${each.getFriendlyFullName()} has no example.`));
  return { app, project, complaints };
}

class Collector extends Logger {
  constructor(readonly messages: string[]) {
    super();
  }

  override log(message: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) this.messages.push(message);
  }
}

/**
 * TypeDoc does not support `@file`: it treats such a note as the comment of the first declaration, if that has none.
 * The notes of entry points are moved to where they belong, and the entry points get the names under which they are
 * imported.
 */
function settleFileComment(reflection: Reflection): void {
  if (reflection.comment?.getTag('@file')) delete reflection.comment;
  if (!reflection.kindOf(ReflectionKind.Module)) return;
  const source = reflection.project.getSymbolIdFromReflection(reflection)?.packagePath;
  const [name, file] = Object.entries(ENTRY_POINTS).find(([, file]) => file === `./${source}`)!;
  const note = /^\/\*\*[\s*]*@file\s+(.*?)\s*\*\//s.exec(readFileSync(path.join(ROOT, file), 'utf8'))?.[1];
  reflection.name = name === 'index' ? 'vlm2vec-web' : `vlm2vec-web/${name}`;
  if (!note) return;
  const text = note.replaceAll(/\n \* ?/g, '\n').replaceAll(/\{@link (\w+)\}/g, '`$1`');
  reflection.comment = new Comment([{ kind: 'text', text }]);
}

/** A parameter that is destructured in its declaration has no name; it is an object of options or parts. */
function nameOptions(reflection: Reflection): void {
  if (!(reflection instanceof ParameterReflection) || reflection.name !== '__namedParameters') return;
  reflection.name = 'options';
}

const DESCRIBED =
  ReflectionKind.Module |
  (ReflectionKind.SomeExport & ~ReflectionKind.Reference) |
  ReflectionKind.Constructor |
  ReflectionKind.Property |
  ReflectionKind.Method |
  ReflectionKind.Accessor;

/** Exports and members without a comment. */
function undocumented(project: ProjectReflection): Reflection[] {
  return project
    .getReflectionsByKind(DESCRIBED)
    .filter(
      (each) => !isDescribed(each as DeclarationReflection) && !isElementConstructor(each as DeclarationReflection),
    );
}

function isDescribed(reflection: DeclarationReflection): boolean {
  const { type, signatures, getSignature, inheritedFrom } = reflection;
  const called = signatures ?? (type instanceof ReflectionType ? type.declaration.signatures : undefined);
  if (inheritedFrom || [reflection, getSignature, ...(called ?? [])].some((each) => each?.hasComment())) return true;
  // Members of an object type that is written in place (`usage: { tokens: number }`) are described by the comment of
  // whatever has that type. Functions of an exported object are not.
  return (
    hasAncestor(reflection, ReflectionKind.TypeLiteral) && !(called && hasAncestor(reflection, ReflectionKind.Variable))
  );
}

function hasAncestor({ parent }: Reflection, kind: ReflectionKind): boolean {
  return parent !== undefined && (parent.kindOf(kind) || hasAncestor(parent, kind));
}
