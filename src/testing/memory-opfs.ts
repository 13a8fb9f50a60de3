/** @file An origin-private file system in memory, as far as files written in place need one. For tests in Node. */

class MemoryFile {
  readonly kind = 'file';
  bytes = new Uint8Array(0);
  constructor(readonly name: string) {}

  async getFile(): Promise<File> {
    return new File([this.bytes], this.name);
  }

  async createSyncAccessHandle(): Promise<Partial<FileSystemSyncAccessHandle>> {
    const resize = (length: number) => {
      const bytes = new Uint8Array(length);
      bytes.set(this.bytes.subarray(0, length));
      this.bytes = bytes;
    };
    return {
      getSize: () => this.bytes.length,
      truncate: resize,
      flush: () => undefined,
      close: () => undefined,
      read: (into, { at = 0 } = {}) => {
        const part = this.bytes.subarray(at, at + into.byteLength);
        (into as Uint8Array).set(part);
        return part.length;
      },
      write: (from, { at = 0 } = {}) => {
        if (at + from.byteLength > this.bytes.length) resize(at + from.byteLength);
        this.bytes.set(from as Uint8Array, at);
        return from.byteLength;
      },
    };
  }
}

class MemoryFolder {
  readonly kind = 'directory';
  readonly entries = new Map<string, MemoryFolder | MemoryFile>();
  constructor(readonly name: string) {}

  async getDirectoryHandle(name: string, options: { create?: boolean } = {}): Promise<MemoryFolder> {
    return this.#get(name, options, () => new MemoryFolder(name)) as MemoryFolder;
  }

  async getFileHandle(name: string, options: { create?: boolean } = {}): Promise<MemoryFile> {
    return this.#get(name, options, () => new MemoryFile(name)) as MemoryFile;
  }

  async removeEntry(name: string): Promise<void> {
    this.entries.delete(name);
  }

  async *keys() {
    yield* [...this.entries.keys()];
  }

  async *values() {
    yield* [...this.entries.values()];
  }

  #get(name: string, { create = false }: { create?: boolean }, make: () => MemoryFolder | MemoryFile) {
    const entry = this.entries.get(name) ?? (create ? make() : null);
    if (!entry) throw new DOMException(`${name} is not there.`, 'NotFoundError');
    this.entries.set(name, entry);
    return entry;
  }
}

/** What `navigator.storage` has to be. */
export function memoryStorage(): Pick<StorageManager, 'getDirectory'> {
  const root = new MemoryFolder('');
  return { getDirectory: async () => root as unknown as FileSystemDirectoryHandle };
}
