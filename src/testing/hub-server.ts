/**
 * @file A local server that behaves like the Hugging Face Hub towards `@huggingface/hub` and a browser: model info,
 * paged listings, `resolve` with redirects (a signed URL of another origin for LFS objects, a cache path of its own for
 * small files), ranges, ETag and Xet headers, CORS, gated and missing repositories. It also serves plain folders below
 * `/static/`, as any static host would. Faults are injected and traffic is counted by file (Node only).
 *
 * Unlike the real CDN it forbids caching, so that its counts are the client's requests.
 */

import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { HubFaults, pause, type FaultPlace } from './hub-faults';
import { HubRepository, lfsPointer, type HubContent, type HubFile } from './hub-repository';
import { HubTraffic } from './hub-traffic';
import { Listener } from './listener';
import { sendFile } from './send-file';

const EXPOSED =
  'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,' +
  'X-Linked-Size,X-Linked-ETag,X-Xet-Hash';
const EXPOSED_CDN = 'Accept-Ranges, Content-Range, Content-Type, Content-Disposition, ETag, X-Cache';
const XET_INFO = 'application/vnd.xet-fileinfo+json';

export interface HubServerOptions {
  /** By name: `{ 'org/model': '/folder' }`. */
  repos?: Record<string, HubContent>;
  /** Plain folders below `/static/<name>/`. */
  folders?: Record<string, HubContent>;
  /** Repositories that want this token. */
  gated?: Record<string, string>;
  /** Entries per page of a listing. @default 1000 */
  pageSize?: number;
  /** @default any free port */
  port?: number;
}

/** Starts listening on two ports of `localhost`: the Hub, and the host of its signed URLs. */
export async function startHub(options: HubServerOptions = {}): Promise<HubServer> {
  const hub = new HubServer(options);
  await hub.start();
  return hub;
}

export class HubServer {
  readonly faults = new HubFaults();
  readonly traffic = new HubTraffic();
  readonly repos: ReadonlyMap<string, HubRepository>;
  /** What `folders` became; the repository's head is what is served. */
  readonly folders: ReadonlyMap<string, HubRepository>;
  readonly #options: HubServerOptions;
  readonly #hub: Listener;
  readonly #cdn: Listener;
  /** Signed URLs hold until this changes. */
  #signature = 1;

  constructor(options: HubServerOptions) {
    this.#options = options;
    const repositories = (contents: Record<string, HubContent> = {}) =>
      new Map(Object.entries(contents).map(([name, content]) => [name, new HubRepository(name, content)]));
    this.repos = repositories(options.repos);
    this.folders = repositories(options.folders);
    this.#hub = new Listener(
      (request, response) => this.#answerHub(request, response),
      options.port ?? 0,
      this.traffic,
    );
    this.#cdn = new Listener((request, response) => this.#answerCdn(request, response), 0, this.traffic);
  }

  /** As `hubUrl` takes it. */
  get url(): string {
    return this.#hub.url;
  }

  /** Where LFS objects are redirected to. */
  get cdnUrl(): string {
    return this.#cdn.url;
  }

  /** Goes online, on the same ports as before. */
  async start(): Promise<void> {
    await Promise.all([this.#hub.start(), this.#cdn.start()]);
  }

  /** Goes offline at once: open connections are destroyed. */
  async stop(): Promise<void> {
    await Promise.all([this.#hub.stop(), this.#cdn.stop()]);
  }

  /** Signed URLs given out so far are refused from now on, as after an hour. */
  expireLinks(): void {
    this.#signature++;
  }

  async #answerHub(request: IncomingMessage, response: ServerResponse): Promise<void> {
    cors(request, response, EXPOSED, request.headers.origin ?? '*');
    response.setHeader('Cache-Control', 'no-store');
    if (request.method === 'OPTIONS') return void response.writeHead(200).end();
    const url = new URL(request.url ?? '/', this.url);
    const path = decodeURIComponent(url.pathname);
    const place: FaultPlace = /^\/api\/(?!resolve-cache)/.test(path) ? 'api' : 'resolve';
    const isRedirect = place === 'resolve' && !path.startsWith('/api/') && !path.startsWith('/static/');
    if ((place === 'api' || isRedirect) && (await this.#fault(place, path.slice(1), response))) return;

    let match = /^\/static\/([^/]+)\/(.+)$/.exec(path);
    if (match) return this.#sendStatic(match[1]!, match[2]!, request, response);
    match = /^\/api\/models\/(.+?)\/revision\/([^/]+)$/.exec(path);
    if (match) return this.#modelInfo(match[1]!, match[2]!, request, response);
    match = /^\/api\/models\/(.+?)\/tree\/([^/]+)(?:\/(.*))?$/.exec(path);
    if (match) return this.#tree(match[1]!, match[2]!, match[3] ?? '', url, request, response);
    match = /^\/api\/resolve-cache\/models\/(.+)\/([0-9a-f]{40})\/(.+)$/.exec(path);
    if (match && this.#file(match[1]!, match[2]!, match[3]!, request, response)) {
      return this.#sendSmall(match[1]!, match[2]!, match[3]!, request, response);
    }
    match = /^\/(.+?)\/(resolve|raw)\/([^/]+)\/(.+)$/.exec(path);
    if (match) return this.#resolve(match[1]!, match[3]!, match[4]!, match[2] === 'raw', request, response);
    if (!response.headersSent) refuse(response, 404, null, 'Not Found');
  }

  async #answerCdn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    cors(request, response, EXPOSED_CDN, '*');
    response.setHeader('Cache-Control', 'no-store');
    if (request.method === 'OPTIONS') return void response.writeHead(200).end();
    const url = new URL(request.url ?? '/', this.cdnUrl);
    const [, repo, commit, path] = /^\/lfs\/(.+)@([0-9a-f]{40})\/(.+)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    const repository = this.repos.get(repo ?? '');
    const file = repository?.at(commit!)?.files.get(path!);
    // A signed URL is its own permit; the bucket refuses requests that bring another.
    if (request.headers.authorization !== undefined)
      return refuse(response, 400, null, 'Only one auth mechanism allowed');
    if (!repository || !file || url.searchParams.get('Signature') !== String(this.#signature)) {
      return refuse(response, 403, null, 'Access denied');
    }
    response.setHeader('X-Cache', 'Miss from cloudfront');
    const { xetHash } = await repository.hashes(file);
    await this.#send(`${repo}/${path}`, file, `"${xetHash}"`, request, response);
  }

  async #modelInfo(repo: string, revision: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const found = this.#at(repo, revision, request, response);
    if (!found) return;
    json(response, {
      _id: found.commit.slice(0, 24),
      id: repo,
      sha: found.commit,
      private: false,
      gated: this.#options.gated?.[repo] !== undefined && 'auto',
      downloads: 0,
      likes: 0,
      lastModified: '2024-10-08T12:00:00.000Z',
      pipeline_tag: 'image-text-to-text',
    });
  }

  /** Pages of a listing; the next one's address is in the `Link` header. */
  async #tree(
    repo: string,
    revision: string,
    below: string,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const found = this.#at(repo, revision, request, response);
    if (!found) return;
    const repository = this.repos.get(repo)!;
    const recursive = /^(true|1)$/i.test(url.searchParams.get('recursive') ?? '');
    const prefix = below && `${below}/`;
    const inside = [...found.files.values()].filter(({ path }) => path.startsWith(prefix));
    const entries: (HubFile | string)[] = inside.filter(
      ({ path }) => recursive || !path.slice(prefix.length).includes('/'),
    );
    entries.unshift(...foldersOf(inside, prefix, recursive));
    const size = this.#options.pageSize ?? 1000;
    const first = Number(url.searchParams.get('cursor') ?? 0);
    if (first + size < entries.length) {
      url.searchParams.set('cursor', String(first + size));
      response.setHeader('Link', `<${url.href}>; rel="next"`);
    }
    const page = entries.slice(first, first + size).map(async (entry) => {
      if (typeof entry === 'string') return { type: 'directory', oid: '0'.repeat(40), size: 0, path: entry };
      const { oid, sha256, xetHash } = await repository.hashes(entry);
      const lfs = sha256 && { oid: sha256, size: entry.size, pointerSize: lfsPointer(sha256, entry.size).length };
      return { type: 'file', oid, size: entry.size, path: entry.path, ...(lfs && { lfs, xetHash }) };
    });
    json(response, await Promise.all(page));
  }

  /** Where a file is: 302 to the signed URL of an LFS object, 307 to the cache of a small file. */
  async #resolve(
    repo: string,
    revision: string,
    path: string,
    raw: boolean,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const found = this.#file(repo, revision, path, request, response);
    if (!found) return;
    const { file, commit, repository } = found;
    const { oid, sha256, xetHash } = await repository.hashes(file);
    response.setHeader('X-Repo-Commit', commit);
    response.setHeader('Vary', 'Origin, Accept');
    if (sha256 === null) {
      response.setHeader('X-Linked-Size', file.size);
      response.setHeader('X-Linked-ETag', `"${oid}"`);
      const location = `/api/resolve-cache/models/${repo}/${commit}/${encodePath(path)}?etag=%22${oid}%22`;
      return void response.writeHead(307, { Location: location }).end(`Temporary Redirect. Redirecting to ${location}`);
    }
    if (raw) {
      response.setHeader('ETag', `"${oid}"`);
      return void response.writeHead(200, { 'Content-Type': 'text/plain' }).end(lfsPointer(sha256, file.size));
    }
    response.setHeader('X-Linked-Size', file.size);
    response.setHeader('X-Linked-ETag', `"${sha256}"`);
    response.setHeader('X-Xet-Hash', xetHash!);
    response.setHeader(
      'Link',
      `<${this.url}/api/models/${repo}/xet-read-token/${commit}>; rel="xet-auth", ` +
        `<${this.cdnUrl}/v1/reconstructions/${xetHash}>; rel="xet-reconstruction-info"`,
    );
    if (request.headers.accept?.includes(XET_INFO)) {
      return void response.writeHead(200, { 'Content-Type': XET_INFO }).end(JSON.stringify({ hash: xetHash }));
    }
    const location = `${this.cdnUrl}/lfs/${repo}@${commit}/${encodePath(path)}?Signature=${this.#signature}`;
    response.writeHead(302, { Location: location }).end(`Found. Redirecting to ${location}`);
  }

  async #sendSmall(repo: string, commit: string, path: string, request: IncomingMessage, response: ServerResponse) {
    const repository = this.repos.get(repo)!;
    const file = repository.at(commit)!.files.get(path)!;
    const { oid } = await repository.hashes(file);
    response.setHeader('X-Repo-Commit', commit);
    const isText = /\.(json|txt|md)$/.test(path);
    response.setHeader('Content-Type', isText ? 'text/plain; charset=utf-8' : 'application/octet-stream');
    const plain = request.headers.range !== undefined || !/\bgzip\b/.test(String(request.headers['accept-encoding']));
    if (plain || !isText) return this.#send(`${repo}/${path}`, file, `"${oid}"`, request, response);
    // Compressed on the fly, as CloudFront does: then the length is that of the compressed body.
    const bytes = typeof file.content === 'string' ? readFileSync(file.content) : file.content;
    const packed = { ...file, content: gzipSync(bytes) };
    packed.size = packed.content.length;
    response.setHeader('Content-Encoding', 'gzip');
    await this.#send(`${repo}/${path}`, packed, `W/"${oid}"`, request, response);
  }

  async #sendStatic(name: string, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const folder = this.folders.get(name);
    const file = folder?.at('main')!.files.get(path);
    if (!folder || !file) return refuse(response, 404, null, 'Not Found');
    const { oid, sha256 } = await folder.hashes(file);
    await this.#send(`static/${name}/${path}`, file, `"${(sha256 ?? oid).slice(0, 32)}"`, request, response);
  }

  async #send(name: string, file: HubFile, etag: string, request: IncomingMessage, response: ServerResponse) {
    if (await this.#fault('bytes', name, response)) return;
    await sendFile(request, response, { name, file, etag, faults: this.faults, traffic: this.traffic });
  }

  /** Strikes with the faults that need no bytes; true where they answered the request. */
  async #fault(place: FaultPlace, name: string, response: ServerResponse): Promise<boolean> {
    if (place !== 'bytes') {
      await pause(this.faults.strike('delay', place, name)?.milliseconds ?? 0);
      if (this.faults.strike('cut', place, name)) {
        response.destroy();
        return true;
      }
    }
    if (this.faults.strike('closed', place, name)) response.removeHeader('Access-Control-Allow-Origin');
    const fault = this.faults.strike('status', place, name);
    if (!fault) return false;
    for (const [header, value] of Object.entries(fault.headers ?? {})) response.setHeader(header, value);
    refuse(response, fault.status, null, `Status ${fault.status} was injected`);
    return true;
  }

  #file(repo: string, revision: string, path: string, request: IncomingMessage, response: ServerResponse) {
    const found = this.#at(repo, revision, request, response);
    if (!found) return null;
    const file = found.files.get(path);
    if (file) return { ...found, file, repository: this.repos.get(repo)! };
    refuse(response, 404, 'EntryNotFound', 'Entry not found');
    return null;
  }

  #at(repo: string, revision: string, request: IncomingMessage, response: ServerResponse) {
    const repository = this.repos.get(repo);
    // The Hub does not tell strangers whether a private repository exists.
    if (!repository) refuse(response, 401, 'RepoNotFound', 'Repository not found');
    const token = this.#options.gated?.[repo];
    if (repository && token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      const message = `Access to model ${repo} is restricted. You must have access to it and be authenticated to access it.`;
      refuse(response, 401, 'GatedRepo', message);
      return null;
    }
    const found = repository?.at(revision) ?? null;
    if (repository && !found) refuse(response, 404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
    return found;
  }
}

/** Cross-origin reads are allowed; which headers a page may see is listed. */
function cors(request: IncomingMessage, response: ServerResponse, exposed: string, origin: string): void {
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', exposed);
  response.setHeader('Vary', 'Origin');
  const headers = request.headers['access-control-request-headers'];
  if (request.method !== 'OPTIONS' || headers === undefined) return;
  response.setHeader('Access-Control-Allow-Headers', headers);
  response.setHeader('Access-Control-Allow-Methods', 'GET,HEAD,OPTIONS');
}

function refuse(response: ServerResponse, status: number, code: string | null, message: string): void {
  if (code !== null) response.setHeader('X-Error-Code', code);
  response.setHeader('X-Error-Message', message);
  json(response, { error: message }, status);
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}

/** Folders that the Hub lists beside the files. */
function foldersOf(files: readonly HubFile[], prefix: string, recursive: boolean): string[] {
  const found = new Set<string>();
  for (const { path } of files) {
    const names = path.slice(prefix.length).split('/').slice(0, -1);
    for (let depth = 1; depth <= (recursive ? names.length : Math.min(1, names.length)); depth++) {
      found.add(prefix + names.slice(0, depth).join('/'));
    }
  }
  return [...found].sort();
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
