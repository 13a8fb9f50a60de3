import ts from 'typescript';
import { expect, test } from 'vitest';
import { snippetOf, type Call } from './snippet';

const parts = {
  text: "what's this \\ thing?",
  picture: 'penguin.png',
  texts: ['a "fox"', "it's"],
  pictures: ['cat.jpg'],
};

test.each<[Call, string]>([
  ['rank', 'model.rank('],
  ['sides', 'model.embedQuery('],
  ['embed', 'model.embed('],
])('%s: code that parses, with the texts as they were typed', (call, wanted) => {
  const code = snippetOf({ call, ...parts });
  expect(code).toContain(wanted);
  const source = ts.createSourceFile('snippet.ts', code, ts.ScriptTarget.ES2023, true);
  expect((source as unknown as { parseDiagnostics: unknown[] }).parseDiagnostics).toEqual([]);
  const strings: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node)) strings.push(node.text);
    node.forEachChild(visit);
  };
  visit(source);
  for (const text of [parts.text, parts.picture, ...parts.texts, ...parts.pictures]) expect(strings).toContain(text);
});

test('a query without a picture is a plain text', () => {
  expect(snippetOf({ call: 'rank', ...parts, text: 'a fox', picture: null })).toContain("model.rank('a fox', [");
});
