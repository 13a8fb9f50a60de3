import { expose, wrap } from 'comlink';
import { afterEach, expect, test } from 'vitest';
import * as errors from '../errors';
import { errorFromWire, errorToWire, installErrorHandler } from './error-wire';

const ports: MessagePort[] = [];
afterEach(() => ports.splice(0).forEach((port) => port.close()));

function across<T extends object>(service: T) {
  installErrorHandler();
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  expose(service, port1 as never);
  return wrap<T>(port2 as never);
}

const classes = Object.entries(errors).filter(([, Class]) => Class !== errors.VLM2VecError);

test.each(classes)('%s keeps class, name, message and details', async (name, Class) => {
  const remote = across({
    async fail(): Promise<unknown> {
      throw new Class('what, where, what to do', { path: 'text.0.bin', chunk: 3, at: [1, 2] });
    },
  });
  const error = await remote.fail().then(
    () => null,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(Class);
  expect(error).toBeInstanceOf(errors.VLM2VecError);
  expect(error).toMatchObject({
    name,
    message: 'what, where, what to do',
    details: { path: 'text.0.bin', chunk: 3, at: [1, 2] },
  });
});

test('an AbortError stays a DOMException', async () => {
  const remote = across({ fail: (): Promise<unknown> => Promise.reject(new DOMException('stopped', 'AbortError')) });
  const error = await remote.fail().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(DOMException);
  expect(error).toMatchObject({ name: 'AbortError', message: 'stopped' });
});

test('other errors keep name and message, other values their text', async () => {
  const remote = across({
    range: () => Promise.reject(new RangeError('too far')),
    text: () => Promise.reject('just text'),
  });
  await expect(remote.range()).rejects.toMatchObject({ name: 'RangeError', message: 'too far' });
  await expect(remote.text()).rejects.toThrow('just text');
});

test('details that cannot be cloned become text instead of losing the error', () => {
  const wire = errorToWire(new errors.ProbeError('no', { check: () => 1, cosine: 0.5 }));
  expect(errorFromWire(structuredClone(wire))).toMatchObject({ name: 'ProbeError', details: { cosine: '0.5' } });
});

test('a foreign error with the name of one of ours does not become one', () => {
  const foreign = Object.assign(new Error('no'), { name: 'ProbeError' });
  expect(errorFromWire(errorToWire(foreign))).not.toBeInstanceOf(errors.ProbeError);
});
