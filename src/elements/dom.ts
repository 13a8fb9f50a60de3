/**
 * @file Creates elements concisely, without markup from strings. Page policies with Trusted Types allow this, and
 * nothing is parsed.
 */

type Props<K extends keyof HTMLElementTagNameMap> = Partial<
  Omit<HTMLElementTagNameMap[K], 'style' | 'part' | 'attributes'>
> & {
  part?: string;
  attributes?: Record<string, string>;
};

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { part, attributes = {}, ...props }: Props<K> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  Object.assign(element, props);
  if (part !== undefined) element.setAttribute('part', part);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A size as text, such as `1.2 MB`, in the page's language. */
export function sizeInWords(bytes: number, language: string | undefined): string {
  const mega = bytes / 1e6;
  const maximumFractionDigits = mega < 10 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: 'unit', unit: 'megabyte', maximumFractionDigits }).format(
    Math.max(mega, 0.1),
  );
}
