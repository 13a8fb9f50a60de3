/** @file What a fake server sent, file by file, so that a test can state what was downloaded twice (Node only). */

/** One answer with bytes of a file in it. */
export interface Sent {
  /** `org/model/model.safetensors` */
  file: string;
  /** First byte of the file in this answer. */
  start: number;
  /** Bytes that went out; fewer than asked for where the connection ended. */
  bytes: number;
  /** All that the answer promised was sent. */
  whole: boolean;
}

export interface Asked {
  method: string;
  /** Without the query. */
  path: string;
  range: string | null;
  status: number;
}

export class HubTraffic {
  readonly sent: Sent[] = [];
  readonly asked: Asked[] = [];

  clear(): void {
    this.sent.length = 0;
    this.asked.length = 0;
  }

  /** Bytes of files sent, all answers together. */
  bytes(file?: RegExp): number {
    return this.#of(file).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Answers with bytes of a file. */
  requests(file?: RegExp): number {
    return this.#of(file).length;
  }

  /** Bytes that were sent more than once: bytes sent less those of the union. */
  repeated(file?: RegExp): number {
    const reached = new Map<string, number>();
    let union = 0;
    for (const { file: name, start, bytes } of this.#of(file).toSorted((a, b) => a.start - b.start)) {
      const end = reached.get(name) ?? 0;
      union += Math.max(0, start + bytes - Math.max(end, start));
      reached.set(name, Math.max(end, start + bytes));
    }
    return this.bytes(file) - union;
  }

  /** Names of the files of which bytes were sent. */
  files(): string[] {
    return [...new Set(this.sent.map(({ file }) => file))].sort();
  }

  #of(file?: RegExp): Sent[] {
    return file ? this.sent.filter((piece) => file.test(piece.file)) : this.sent;
  }
}
