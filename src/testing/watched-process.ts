/**
 * @file A child process of Node in a home of its own, behind a proxy that answers nothing, watched: which files it leaves
 * outside its work, and with whom it wants to talk. Connections that go round the proxy are found where Linux lists
 * sockets by process (Node only).
 */

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** With it, `node` runs the source. */
export const TSX = ['--import', import.meta.resolve('tsx')];

export interface Watched {
  code: number | null;
  stdout: string;
  stderr: string;
  /** What was left in the home, cache, temporary and current folder. */
  files: string[];
  /** First lines of what was asked of the proxy. */
  asked: string[];
  /** Remote addresses of the process's sockets, as Linux writes them; the proxy's and Node's own are left out. */
  sockets: string[];
}

interface WatchOptions {
  /** What the process reads from its input. */
  stdin?: string;
  env?: Record<string, string>;
}

/** Runs `node` with these arguments to its end. */
export async function watchNode(args: string[], { stdin = '', env = {} }: WatchOptions = {}): Promise<Watched> {
  const home = mkdtempSync(path.join(tmpdir(), 'watched-'));
  const folder = (name: string) => {
    mkdirSync(path.join(home, name));
    return path.join(home, name);
  };
  const asked: string[] = [];
  const proxy = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (data) => {
      asked.push(data.toString('latin1').split('\r\n', 1)[0]!);
      socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}`;
  const proxies = ['http_proxy', 'https_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];
  try {
    // Nothing is inherited: where `CI` is set, say, ONNX Runtime is silent by itself.
    const child = spawn(process.execPath, args, {
      cwd: folder('here'),
      env: {
        PATH: process.env.PATH,
        HOME: folder('home'),
        XDG_CACHE_HOME: folder('cache'),
        XDG_DATA_HOME: folder('data'),
        XDG_CONFIG_HOME: folder('config'),
        TMPDIR: folder('tmp'),
        ...Object.fromEntries(proxies.map((name) => [name, address])),
        ...env,
      },
    });
    const sockets = new Set<string>();
    const look = () => {
      for (const remote of remotesOf(child.pid!)) if (!remote.endsWith(portHex(port))) sockets.add(remote);
    };
    const timer = setInterval(look, 20);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined).end(stdin);
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
    clearInterval(timer);
    const files = readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.relative(home, path.join(entry.parentPath, entry.name)));
    return { code, stdout, stderr, files, asked, sockets: [...sockets] };
  } finally {
    proxy.close();
    rmSync(home, { recursive: true });
  }
}

/** How Linux ends an address with this port. */
export const portHex = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;

/** Remote ends of a process's internet sockets: `address:port` in hexadecimal. Empty where there is no /proc. */
function remotesOf(pid: number): string[] {
  try {
    const own = new Set(
      readdirSync(`/proc/${pid}/fd`).map((fd) => {
        try {
          return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
        } catch {
          return undefined; // closed meanwhile
        }
      }),
    );
    return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) =>
      readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
        .filter((columns) => columns.length > 9 && own.has(columns[9]))
        .map((columns) => columns[2]!),
    );
  } catch {
    return [];
  }
}

/** A path of the repository. */
export const repositoryPath = (relative: string): string =>
  fileURLToPath(new URL(`../../${relative}`, import.meta.url));
