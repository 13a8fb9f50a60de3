/**
 * @file OpenAI's `embeddings.create` for a model in this process, with vLLM's `messages` for pictures. {@link openAI}
 * has the same interface as the client; {@link openAIFetch} can be passed to a real client (`new OpenAI({ fetch })`),
 * or to anything else that takes a `fetch`.
 */

import { bytesToBase64 } from '../bundle/base64';
import {
  DeviceLostError,
  DisposedError,
  ImageFormatError,
  ImageTooLargeError,
  InvalidInputError,
  SourceNotFoundError,
  UnsupportedError,
  VLM2VecError,
} from '../errors';
import type { EmbedInput, EmbedOptions } from '../runtime';
import { embedAll, expectModel, refuseOthers, type Embedder } from './shared';

export type { Embedder };

/** Options of {@link openAI} and {@link openAIFetch}. */
export interface OpenAIOptions extends Pick<EmbedOptions, 'role' | 'find'> {
  /** Name of the model in requests and responses. @default 'vlm2vec' */
  model?: string;
}

/** Like OpenAI's `EmbeddingCreateParams`, plus `messages`; any other field is refused by name. */
export interface EmbeddingRequest {
  /** {@link OpenAIOptions.model} */
  model: string;
  /** One text or several. Token ids are refused. */
  input?: string | readonly string[] | readonly number[] | readonly (readonly number[])[] | null;
  /** Instead of `input`: one message from a user, with at most one picture. */
  messages?: readonly EmbeddingMessage[] | null;
  /** @default 'float' */
  encoding_format?: 'float' | 'base64' | null;
  /** One of the lengths that the recipe offers; others are refused. @default the model's own */
  dimensions?: number | null;
  /** Refused, since there is no server to pass it to. */
  user?: string | null;
}

/** One message in vLLM's multimodal form. */
export interface EmbeddingMessage {
  /** Must be `user`; other roles are refused. */
  role: string;
  /** A text, or parts: any number of texts (joined by line breaks) and at most one picture. */
  content: string | readonly ContentPart[];
}

/** A part of a message. */
export type ContentPart =
  | { type: 'text'; text: string }
  /** A URL that the model can read: `https:`, `data:`, `blob:`. */
  | { type: 'image_url'; image_url: { url: string } };

/** Like OpenAI's `CreateEmbeddingResponse`. `E`: numbers, or little-endian float32 with `base64`. */
export interface EmbeddingResponse<E = number[]> {
  /** The type of object, as in OpenAI's API. */
  object: 'list';
  /** One entry for each input, in order: its index, and its embedding of unit length // [dims]. */
  data: { object: 'embedding'; index: number; embedding: E }[];
  /** {@link OpenAIOptions.model} */
  model: string;
  /** Total number of tokens in all inputs; both numbers are the same. */
  usage: { prompt_tokens: number; total_tokens: number };
}

/** The part of the client that creates embeddings. */
export interface OpenAIClient {
  /** `create` rejects as described for {@link openAI}. */
  embeddings: {
    create(
      body: EmbeddingRequest & { encoding_format: 'base64' },
      options?: CreateOptions,
    ): Promise<EmbeddingResponse<string>>;
    create(body: EmbeddingRequest, options?: CreateOptions): Promise<EmbeddingResponse>;
  };
}

/** Options of `embeddings.create`. */
export interface CreateOptions {
  /** Aborts the call, which then rejects with the signal's reason. */
  signal?: AbortSignal | null;
}

/** Errors that the request is to blame for. */
const REQUEST_ERRORS = [
  InvalidInputError,
  UnsupportedError,
  SourceNotFoundError, // a picture
  ImageFormatError,
  ImageTooLargeError,
];
const FIELDS = ['model', 'input', 'messages', 'encoding_format', 'dimensions'];

/**
 * `openAI(model).embeddings.create({ model: 'vlm2vec', input: 'a red kite' })`. It throws UnsupportedError for unknown
 * fields and forms, with the field in `details.field`, and the errors of `embed`.
 * @throws InvalidInputError for what is not a model
 */
export function openAI(embedder: Embedder, options: OpenAIOptions = {}): OpenAIClient {
  expectModel('openAI', embedder, options);
  const { model = 'vlm2vec', role, find } = options;
  const create = async (
    body: EmbeddingRequest,
    { signal }: CreateOptions = {},
  ): Promise<EmbeddingResponse<unknown>> => {
    refuseOthers(body, FIELDS, 'embeddings.create');
    if (body.model !== model) {
      throw new SourceNotFoundError(`The model '${body.model}' does not exist; this is '${model}'.`, {
        field: 'model',
      });
    }
    const format = body.encoding_format ?? 'float';
    if (format !== 'float' && format !== 'base64') {
      throw new UnsupportedError(`Unknown encoding_format '${String(format)}'.`, { field: 'encoding_format' });
    }
    const { vectors, tokens } = await embedAll(embedder, inputsOf(body), {
      ...{ role, find },
      dims: body.dimensions ?? undefined,
      signal: signal ?? undefined,
    });
    return {
      object: 'list',
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: format === 'base64' ? base64Of(vector) : Array.from(vector),
      })),
      model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    };
  };
  return { embeddings: { create: create as OpenAIClient['embeddings']['create'] } };
}

/**
 * A `fetch` that answers `POST …/embeddings` with {@link openAI} and never uses the network: `new OpenAI({ apiKey:
 * 'none', fetch: openAIFetch(model) })`. Errors become responses like those of a server: 400 for what is wrong with the request,
 * 503 if the model is gone, 500 if it failed.
 */
export function openAIFetch(embedder: Embedder, options?: OpenAIOptions): typeof fetch {
  const client = openAI(embedder, options);
  return async (input, init) => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    if (!pathname.endsWith('/embeddings') || request.method !== 'POST') {
      return failure(404, `There is no ${request.method} ${pathname} here.`, null);
    }
    try {
      const body = (await request.json()) as EmbeddingRequest;
      return Response.json(await client.embeddings.create(body, { signal: request.signal }));
    } catch (error) {
      if (request.signal.aborted) throw error;
      if (error instanceof SyntaxError) return failure(400, 'The body is not JSON.', null);
      if (!(error instanceof VLM2VecError)) throw error;
      const { field } = error.details;
      const response = failure(statusOf(error), error.message, field ?? null);
      // The client would otherwise try again, and a model that is disposed of stays so.
      if (error instanceof DisposedError) response.headers.set('x-should-retry', 'false');
      return response;
    }
  };
}

function statusOf(error: VLM2VecError): number {
  if (error instanceof SourceNotFoundError && error.details.field === 'model') return 404;
  if (error instanceof DisposedError || error instanceof DeviceLostError) return 503;
  return REQUEST_ERRORS.some((each) => error instanceof each) ? 400 : 500;
}

function failure(status: number, message: string, param: unknown): Response {
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  return Response.json({ error: { message, type, param, code: null } }, { status });
}

function inputsOf({ input, messages }: EmbeddingRequest): EmbedInput[] {
  if (messages != null && input != null) {
    throw new InvalidInputError("'input' and 'messages' cannot be combined.", { field: 'messages' });
  }
  if (messages != null) return [inputOf(messages)];
  if (input == null) throw new InvalidInputError("Neither 'input' nor 'messages' is given.", { field: 'input' });
  const texts = typeof input === 'string' ? [input] : input;
  if (!Array.isArray(texts) || texts.length === 0) {
    throw new InvalidInputError("'input' has to be a text or a list of texts.", { field: 'input' });
  }
  return texts.map((text: unknown) => {
    if (typeof text === 'string') return { text };
    throw new UnsupportedError("'input' of token ids is not supported; give texts.", { field: 'input' });
  });
}

/** Turns a user's message into one input: its texts, line by line, and its picture. */
function inputOf(messages: readonly EmbeddingMessage[]): EmbedInput {
  const [message] = messages;
  if (messages.length !== 1 || !message) {
    throw new UnsupportedError(`Give one message, not ${messages.length}.`, { field: 'messages' });
  }
  const where = 'messages[0]';
  refuseOthers(message, ['role', 'content'], where);
  if (message.role !== 'user') {
    throw new UnsupportedError(`The role '${message.role}' is not supported; only 'user' is.`, {
      field: `${where}.role`,
    });
  }
  if (typeof message.content === 'string') return { text: message.content };
  if (!Array.isArray(message.content)) {
    throw new InvalidInputError(`${where}.content has to be a text or a list of parts.`, { field: `${where}.content` });
  }
  const texts: string[] = [];
  const images: string[] = [];
  message.content.forEach((part: ContentPart, i: number) => {
    const field = `${where}.content[${i}]`;
    if (part?.type === 'text' && typeof part.text === 'string') {
      refuseOthers(part, ['type', 'text'], field);
      texts.push(part.text);
    } else if (part?.type === 'image_url' && typeof part.image_url?.url === 'string') {
      refuseOthers(part, ['type', 'image_url'], field);
      refuseOthers(part.image_url, ['url'], `${field}.image_url`);
      images.push(part.image_url.url);
    } else {
      throw new UnsupportedError(`${field} of type '${String(part?.type)}' is not supported.`, { field });
    }
  });
  if (images.length > 1) {
    throw new UnsupportedError(`Give one picture, not ${images.length}.`, { field: `${where}.content` });
  }
  const text = texts.length > 0 ? { text: texts.join('\n') } : {};
  return images.length > 0 ? { ...text, image: images[0]! } : { text: texts.join('\n') };
}

function base64Of(vector: Float32Array): string {
  return bytesToBase64(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
}
