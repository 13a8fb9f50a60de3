/** @file An HTTP server of a test: goes offline and comes back on its port (Node only). */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { HubTraffic } from './hub-traffic';

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** An HTTP server that can vanish and come back on its port. */
export class Listener {
  readonly #answer: Answer;
  readonly #traffic: HubTraffic;
  readonly #sockets = new Set<Socket>();
  #port: number;
  #server: Server | null = null;

  constructor(answer: Answer, port: number, traffic: HubTraffic) {
    this.#answer = answer;
    this.#traffic = traffic;
    this.#port = port;
  }

  get url(): string {
    return `http://localhost:${this.#port}`;
  }

  async start(): Promise<void> {
    if (this.#server) return;
    const server = createServer((request, response) => {
      response.on('close', () => this.#note(request, response));
      this.#answer(request, response).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else response.writeHead(500).end(String(error));
      });
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, 'localhost', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #note({ method = 'GET', url = '/', headers }: IncomingMessage, { statusCode }: ServerResponse): void {
    const path = decodeURIComponent(url.replace(/\?.*/, ''));
    this.#traffic.asked.push({ method, path, range: headers.range ?? null, status: statusCode });
  }
}
