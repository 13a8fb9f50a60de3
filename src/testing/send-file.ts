/** @file One file over HTTP: ranges, ETag, and whatever the faults make of it (Node only). */

import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pause, type HubFaults } from './hub-faults';
import type { HubFile } from './hub-repository';
import type { HubTraffic } from './hub-traffic';

export interface SendOptions {
  /** Name in the traffic and for the faults. */
  name: string;
  file: HubFile;
  etag: string;
  faults: HubFaults;
  traffic: HubTraffic;
}

/** Milliseconds that bytes take at most. */
const DELIVERY = 120;

/** Answers with 200, 206, 304 or 416, or as a fault wants it. Headers that are set already go along. */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  options: SendOptions,
): Promise<void> {
  const { name, file, etag, faults, traffic } = options;
  const { size } = file;
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('ETag', etag);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  // With If-Range, another version is sent whole.
  const sameVersion = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
  const range = sameVersion ? /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') : null;
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]) + 1, size) : size;
  if (range && start >= end) {
    response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end();
    return;
  }
  await pause(faults.strike('delay', 'bytes', name)?.milliseconds ?? 0);
  response.setHeader('Content-Length', end - start);
  if (range) response.writeHead(206, { 'Content-Range': `bytes ${start}-${end - 1}/${size}` });
  if (request.method === 'HEAD' || end === start) {
    response.end();
    return;
  }
  const cut = faults.cutWithin(name, start, end);
  const stop = cut ?? end;
  const wrong = faults.wrongWithin(name, start, stop);
  const sent = { file: name, start, bytes: 0, whole: false };
  traffic.sent.push(sent);
  const source = typeof file.content === 'string' ? await open(file.content) : null;
  try {
    response.flushHeaders();
    for (let at = start; at < stop && !response.destroyed;) {
      const count = await faults.allow(stop - at);
      if (response.destroyed) return;
      const bytes = Buffer.alloc(count);
      if (source) await source.read(bytes, 0, count, at);
      else bytes.set((file.content as Uint8Array).subarray(at, at + count));
      for (const place of wrong) if (place >= at && place < at + count) bytes[place - at]! ^= 1;
      await written(response, bytes);
      if (response.destroyed) return;
      at += count;
      sent.bytes += count;
    }
    if (cut !== null) {
      await pause(DELIVERY); // what was sent has arrived: a browser drops what it has not read when a connection fails
      response.destroy();
    } else {
      response.end();
      sent.whole = sent.bytes === end - start;
    }
  } finally {
    await source?.close();
  }
}

/** Resolves when the bytes went out, or never will. */
function written(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('close', done);
      resolve();
    };
    response.on('close', done);
    response.write(bytes, done);
  });
}
