/**
 * @file A pickle machine that can build the contents of a state dict and nothing else. A pickle is a program whose
 * opcodes may import and call any Python function; here a global is looked up in a short list of inert values, and
 * calling one means taking its arguments apart. Every opcode consumes at least one byte, and none loops or recurses, so
 * the work is linear in the file.
 */

import { CheckpointFormatError } from '../errors';
import { GLOBALS, Mark, PickleDict, PickleFunction, StorageRef, StorageType, TensorRef, Tuple } from './pickle-values';
import type { PickleValue } from './pickle-values';
import { quote } from './quote';

/** Runs the pickle; `where` names the file in messages. Throws a named error for anything but plain data. */
export function readPickle(bytes: Uint8Array, where: string): PickleValue {
  return new Machine(bytes, where).run();
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #where: string;
  readonly #stack: (PickleValue | Mark)[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #at = 0;

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#where = where;
  }

  run(): PickleValue {
    for (;;) {
      const opcode = this.#byte();
      if (opcode === 0x2e) return this.#stop();
      this.#step(opcode);
    }
  }

  /** Opcodes by their letter, as Lib/pickle.py names them. */
  #step(opcode: number): void {
    switch (String.fromCharCode(opcode)) {
      case '\x80': // PROTO
        if (this.#byte() > 5) this.#fail('is written in a newer pickle protocol');
        return;
      case '\x95': // FRAME: only a hint for buffering
        this.#skip(8);
        return;
      case '(': // MARK
        this.#stack.push(new Mark());
        return;
      case 'N': // NONE
        this.#stack.push(null);
        return;
      case '\x88': // NEWTRUE
        this.#stack.push(true);
        return;
      case '\x89': // NEWFALSE
        this.#stack.push(false);
        return;
      case 'K': // BININT1
        this.#stack.push(this.#byte());
        return;
      case 'M': // BININT2
        this.#stack.push(this.#view.getUint16(this.#skip(2), true));
        return;
      case 'J': // BININT
        this.#stack.push(this.#view.getInt32(this.#skip(4), true));
        return;
      case '\x8a': // LONG1
        this.#stack.push(this.#long(this.#byte()));
        return;
      case 'G': // BINFLOAT, the only big-endian one
        this.#stack.push(this.#view.getFloat64(this.#skip(8), false));
        return;
      case 'X': // BINUNICODE
        this.#stack.push(this.#text(this.#view.getUint32(this.#skip(4), true)));
        return;
      case '\x8c': // SHORT_BINUNICODE
        this.#stack.push(this.#text(this.#byte()));
        return;
      case '}': // EMPTY_DICT
        this.#stack.push(new PickleDict());
        return;
      case ']': // EMPTY_LIST
        this.#stack.push([]);
        return;
      case ')': // EMPTY_TUPLE
        this.#stack.push(new Tuple([]));
        return;
      case 't': // TUPLE
        this.#stack.push(new Tuple(this.#popMark()));
        return;
      case '\x85': // TUPLE1
        this.#pushTuple(1);
        return;
      case '\x86': // TUPLE2
        this.#pushTuple(2);
        return;
      case '\x87': // TUPLE3
        this.#pushTuple(3);
        return;
      case 'a': // APPEND
        this.#append([this.#pop()]);
        return;
      case 'e': // APPENDS
        this.#append(this.#popMark());
        return;
      case 's': {
        // SETITEM
        const value = this.#pop();
        this.#setItems([this.#pop(), value]);
        return;
      }
      case 'u': // SETITEMS
        this.#setItems(this.#popMark());
        return;
      case 'q': // BINPUT
        this.#memo.set(this.#byte(), this.#top());
        return;
      case 'r': // LONG_BINPUT
        this.#memo.set(this.#view.getUint32(this.#skip(4), true), this.#top());
        return;
      case '\x94': // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 'h': // BINGET
        this.#stack.push(this.#recall(this.#byte()));
        return;
      case 'j': // LONG_BINGET
        this.#stack.push(this.#recall(this.#view.getUint32(this.#skip(4), true)));
        return;
      case 'c': {
        // GLOBAL
        const module = this.#line();
        this.#stack.push(this.#global(module, this.#line()));
        return;
      }
      case '\x93': {
        // STACK_GLOBAL
        const name = this.#pop();
        const module = this.#pop();
        if (typeof name !== 'string' || typeof module !== 'string')
          return this.#fail('names a global without a string');
        this.#stack.push(this.#global(module, name));
        return;
      }
      case 'Q': // BINPERSID
        this.#stack.push(this.#storage(this.#pop()));
        return;
      case 'R': {
        // REDUCE
        const args = this.#pop();
        this.#stack.push(this.#call(this.#pop(), args));
        return;
      }
      case 'b': // BUILD: the attributes of an OrderedDict (its _metadata), on which no weight depends
        this.#pop();
        if (!(this.#top() instanceof PickleDict)) this.#fail('sets attributes on something that is not a dict');
        return;
      default:
        this.#fail(`has the opcode 0x${opcode.toString(16)}, which state dicts do not use`);
    }
  }

  #stop(): PickleValue {
    const value = this.#pop();
    if (this.#stack.length > 0) this.#fail('leaves values on the stack');
    if (this.#at !== this.#bytes.length) this.#fail('continues after its end');
    return value;
  }

  #fail(what: string): never {
    throw new CheckpointFormatError(`${this.#where}: the pickle ${what}`, { offset: this.#at });
  }

  #skip(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) this.#fail('is truncated');
    this.#at = at + count;
    return at;
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)]!;
  }

  #text(length: number): string {
    const start = this.#skip(length);
    return this.#utf8(start, start + length);
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) this.#fail('is truncated');
    const text = this.#utf8(this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #utf8(start: number, end: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#bytes.subarray(start, end));
    } catch {
      return this.#fail('has a text that is not UTF-8');
    }
  }

  /** Little-endian two's complement. */
  #long(length: number): number {
    const start = this.#skip(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[start + i]!);
    const number = Number(BigInt.asIntN(length * 8, value));
    if (!Number.isSafeInteger(number)) this.#fail('has an integer above 2^53');
    return number;
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value instanceof Mark) return this.#fail('takes a value that does not exist');
    return value;
  }

  #popMark(): PickleValue[] {
    const at = this.#stack.findLastIndex((value) => value instanceof Mark);
    if (at < 0) this.#fail('takes a mark that does not exist');
    const [, ...values] = this.#stack.splice(at) as [Mark, ...PickleValue[]];
    return values;
  }

  #pushTuple(length: number): void {
    const items = Array.from({ length }, () => this.#pop()).reverse();
    this.#stack.push(new Tuple(items));
  }

  #recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    return value === undefined ? this.#fail('recalls a memo that was never set') : value;
  }

  #append(values: PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) return this.#fail('appends to something that is not a list');
    for (const value of values) list.push(value);
  }

  #setItems(pairs: PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof PickleDict) || pairs.length % 2 !== 0)
      return this.#fail('sets items of something that is not a dict');
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i]!;
      if (typeof key !== 'string' && typeof key !== 'number') return this.#fail('has a key that is not a string');
      if (dict.entries.has(key)) return this.#fail(`has the key ${quote(String(key))} twice`);
      dict.entries.set(key, pairs[i + 1]!);
    }
  }

  #global(module: string, name: string): PickleValue {
    const value = GLOBALS.get(`${module}.${name}`);
    if (value) return value;
    const full = quote(`${module}.${name}`);
    throw new CheckpointFormatError(
      `${this.#where}: the pickle asks for ${full}; only plain tensors are read, nothing else is ever called`,
      { global: `${module}.${name}`.slice(0, 200) },
    );
  }

  #storage(id: PickleValue): StorageRef {
    if (!(id instanceof Tuple)) return this.#fail('has a persistent id that is not a storage');
    const [tag, type, key, , elements] = id.items;
    if (tag !== 'storage' || !(type instanceof StorageType) || typeof key !== 'string' || !isCount(elements)) {
      return this.#fail('has a persistent id that is not a storage');
    }
    return new StorageRef(key, type.dtype, elements);
  }

  #call(callee: PickleValue, args: PickleValue): PickleValue {
    if (!(callee instanceof PickleFunction) || !(args instanceof Tuple))
      return this.#fail('calls something that is not a function');
    const items = args.items;
    switch (callee.kind) {
      case 'OrderedDict':
        if (items.length > 0) this.#fail('creates an OrderedDict in an unknown way');
        return new PickleDict();
      case 'rebuildParameter':
        if (!(items[0] instanceof TensorRef))
          return this.#fail('creates a parameter from something that is not a tensor');
        return items[0];
      case 'rebuildTensor': {
        const [storage, offset, shape, strides] = items;
        if (items.length < 6 || !(storage instanceof StorageRef) || !isCount(offset)) {
          return this.#fail('creates a tensor in an unknown way');
        }
        return new TensorRef(storage, offset, this.#counts(shape), this.#counts(strides));
      }
    }
  }

  #counts(value: PickleValue | undefined): number[] {
    if (!(value instanceof Tuple) || !value.items.every(isCount)) return this.#fail('has an invalid shape');
    return value.items as number[];
  }
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
