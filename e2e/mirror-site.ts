/**
 * @file The built site on a host with a mirror of the Hub: named in the pages of models, and allowed by the policy of
 * one of them. It needs its own server, since Chromium does not let a page that a test intercepted read from localhost.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HubServer } from '../src/testing/hub-server';

export interface MirrorSite {
  url: string;
  stop(): void;
}

export async function startMirrorSite(siteURL: string, hub: HubServer): Promise<MirrorSite> {
  const server = createServer((request, response) => {
    const answer = async () => {
      const original = await fetch(`${siteURL}${request.url}`);
      const isModels = /^\/models[\w-]*\.html/.test(request.url!);
      const body = isModels ? withMirror(await original.text(), hub) : Buffer.from(await original.arrayBuffer());
      for (const [name, value] of original.headers) {
        if (/^(content-type|cross-origin-.*)$/.test(name)) response.setHeader(name, value);
      }
      response.writeHead(original.status).end(body);
    };
    answer().catch(() => response.destroy());
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The Hub's hosts appear only in the pages of models, and in the policy of one of them. */
function withMirror(html: string, { url, cdnUrl }: HubServer): string {
  return html.replaceAll('https://huggingface.co https://*.huggingface.co https://*.hf.co', `${url} ${cdnUrl}`);
}
