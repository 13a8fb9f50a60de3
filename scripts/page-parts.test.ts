import { expect, test } from 'vitest';
import { withParts } from './page-parts';

test('a page gets its parts, with the sites that it may reach', () => {
  const parts: Record<string, string> = {
    'shell/head.html': "<p>connect-src 'self'{{connect}};</p>\n",
    'shell/body.html': '<b>\n',
  };
  const page = (include: string) => withParts(`<head>\n  <!-- ${include} -->\n</head>\n`, (part) => parts[part]!);
  expect(page('include shell/head.html')).toBe("<head>\n<p>connect-src 'self';</p>\n</head>\n");
  expect(page('include shell/head.html connect="https://a.example https://*.b.example"')).toBe(
    "<head>\n<p>connect-src 'self' https://a.example https://*.b.example;</p>\n</head>\n",
  );
  expect(page('include shell/body.html')).toBe('<head>\n<b>\n</head>\n');
  expect(page('a comment')).toBe('<head>\n  <!-- a comment -->\n</head>\n');
});
