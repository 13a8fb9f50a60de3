/** @file Reading untrusted JSON: a value, the place it came from, and checks that name the place when they fail. */

/** The deepest nesting of objects; anything deeper is an attack on the stack. */
const MAX_DEPTH = 32;

/** A value somewhere in a JSON document. Accessors check it; a failure is thrown by the function given at the root. */
export class JsonField {
  readonly #at: string;
  readonly #value: unknown;
  readonly #error: (at: string, what: string) => Error;

  constructor(value: unknown, error: (at: string, what: string) => Error, at = '') {
    this.#at = at;
    this.#value = value;
    this.#error = error;
  }

  fail(what: string): never {
    throw this.#error(this.#at, what);
  }

  /** An own property of an object; its value is undefined if there is none. */
  get(key: string): JsonField {
    const value = this.#object();
    const at = this.#at === '' ? key : `${this.#at}.${key}`;
    return new JsonField(Object.hasOwn(value, key) ? value[key] : undefined, this.#error, at);
  }

  items<T>(read: (item: JsonField) => T, { min = 0, max = 100_000 } = {}): T[] {
    const value = this.#value;
    if (!Array.isArray(value)) this.fail('an array is expected.');
    if (value.length < min || value.length > max) this.fail(`${min} to ${max} entries are expected.`);
    return value.map((item, index) => read(new JsonField(item, this.#error, `${this.#at}[${index}]`)));
  }

  string(max = 1_000_000): string {
    const value = this.#value;
    if (typeof value !== 'string' || value.length > max) this.fail(`a text of at most ${max} characters is expected.`);
    return value;
  }

  oneOf<T extends string>(allowed: readonly T[]): T {
    const value = allowed.find((each) => each === this.#value);
    return value ?? this.fail(`one of ${allowed.join(', ')} is expected.`);
  }

  integer(min: number, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.#value;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      this.fail(`a whole number from ${min} to ${max} is expected.`);
    }
    return value;
  }

  number(min: number, max: number): number {
    const value = this.#value;
    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      this.fail(`a number from ${min} to ${max} is expected.`);
    }
    return value;
  }

  boolean(): boolean {
    const value = this.#value;
    if (typeof value !== 'boolean') this.fail('true or false is expected.');
    return value;
  }

  nullable<T>(read: (field: JsonField) => T): T | null {
    return this.#value === null ? null : read(this);
  }

  /** Undefined if there is no value. */
  optional<T>(read: (field: JsonField) => T): T | undefined {
    return this.#value === undefined ? undefined : read(this);
  }

  /** Undefined if there is no value, or if it is null. */
  given<T>(read: (field: JsonField) => T): T | undefined {
    return this.#value == null ? undefined : read(this);
  }

  /** True if there is a value of this JavaScript type; for fields that may be of several. */
  is(type: 'string' | 'number' | 'object'): boolean {
    return typeof this.#value === type;
  }

  /** True for an object that has the key. */
  has(key: string): boolean {
    return Object.hasOwn(this.#object(), key);
  }

  /** The own keys of an object, all of which must be among `allowed`. */
  keys(allowed?: readonly string[]): string[] {
    const keys = Object.keys(this.#object());
    const strange = allowed && keys.find((key) => !allowed.includes(key));
    if (strange !== undefined) this.get(strange).fail(`unknown key; known keys are ${allowed!.join(', ')}.`);
    return keys;
  }

  /** Any object, without the key `__proto__` at any depth, which careless code would treat as a prototype. */
  record(): Record<string, unknown> {
    const check = (value: unknown, depth: number): void => {
      if (typeof value !== 'object' || value === null) return;
      if (depth > MAX_DEPTH) this.fail('the nesting is too deep.');
      if (Object.hasOwn(value, '__proto__')) this.fail('the key __proto__ is not allowed.');
      for (const child of Object.values(value)) check(child, depth + 1);
    };
    const value = this.#object();
    check(value, 0);
    return value;
  }

  #object(): Record<string, unknown> {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail('an object is expected.');
    return value as Record<string, unknown>;
  }
}
