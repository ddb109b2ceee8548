/** REST over fetch: bearer token, problem+json, one renewal when the token was refused. */
import type { Problem } from '@/protocol/types';

/** A refusal or failure, with the words the daemon chose for it. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
    this.name = 'ApiError';
  }

  get status(): number {
    return this.problem.status;
  }

  /** The last part of the problem's URN. */
  get code(): string {
    return this.problem.type.split(':').at(-1) ?? '';
  }
}

/** Where tokens come from; the login in force implements it. */
export interface Credentials {
  token(): string | null;
  /** Gets a fresh token; false when the person has to log in again. */
  renew(): Promise<boolean>;
}

interface RequestOptions {
  body?: unknown;
  /** Bytes as they are, instead of a body. */
  file?: Blob;
  /** Makes a resend the same request. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** What the page says when no daemon answers. */
const UNREACHABLE: Problem = {
  type: 'urn:orchestra:unreachable',
  title: 'No answer',
  status: 0,
  detail: 'The daemon did not answer. Your agents run on without it; start it again with `orchestra up`.',
};

export class Api {
  readonly #credentials: Credentials;
  readonly #fetch: typeof fetch;

  constructor(credentials: Credentials, fetcher: typeof fetch = (...args) => fetch(...args)) {
    this.#credentials = credentials;
    this.#fetch = fetcher;
  }

  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#call<T>('GET', path, signal ? { signal } : {});
  }

  post<T>(path: string, body: unknown = {}, idempotencyKey?: string): Promise<T> {
    return this.#call<T>('POST', path, idempotencyKey ? { body, idempotencyKey } : { body });
  }

  /** Sends the bytes of a file. */
  send<T>(path: string, file: Blob): Promise<T> {
    return this.#call<T>('POST', path, { file });
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>('PATCH', path, { body });
  }

  delete(path: string): Promise<void> {
    return this.#call<void>('DELETE', path, {});
  }

  /** Something that is no JSON, such as a recording. */
  file(path: string, signal?: AbortSignal): Promise<Response> {
    return this.#answer('GET', path, signal ? { signal } : {});
  }

  async #answer(method: string, path: string, options: RequestOptions): Promise<Response> {
    let response = await this.#send(method, path, options);
    if (response.status === 401 && (await this.#credentials.renew())) {
      response = await this.#send(method, path, options);
    }
    if (!response.ok) throw new ApiError(await readProblem(response));
    return response;
  }

  async #call<T>(method: string, path: string, options: RequestOptions): Promise<T> {
    const response = await this.#answer(method, path, options);
    if (response.status === 204) return undefined as T;
    const text = await response.text();
    return (text ? JSON.parse(text) : undefined) as T;
  }

  async #send(method: string, path: string, options: RequestOptions): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json' };
    const token = this.#credentials.token();
    if (token) headers.authorization = `Bearer ${token}`;
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    if (options.file) headers['content-type'] = 'application/octet-stream';
    if (options.idempotencyKey) headers['idempotency-key'] = options.idempotencyKey;
    try {
      return await this.#fetch(path, {
        method,
        headers,
        credentials: 'omit',
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        ...(options.file ? { body: options.file } : {}),
        ...(options.signal ? { signal: options.signal } : {}),
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      throw new ApiError(UNREACHABLE);
    }
  }
}

/** Reads the problem of a refusal, or makes one when a proxy answered in its own words. */
export async function readProblem(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as Partial<Problem>;
    if (typeof body.title === 'string') {
      return {
        type: body.type ?? 'urn:orchestra:unknown',
        title: body.title,
        status: body.status ?? response.status,
        detail: body.detail ?? '',
        instance: body.instance ?? null,
        ...(body.worktree ? { worktree: body.worktree } : {}),
      };
    }
  } catch {
    // Not JSON: fall through to a problem of our own.
  }
  return {
    type: 'urn:orchestra:unknown',
    title: `The daemon answered ${response.status}`,
    status: response.status,
    detail: 'The answer could not be read. Try again; if it stays, look into the log of the daemon.',
  };
}

/** The sentence to show for anything thrown. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  if (error instanceof Error) return error.message;
  return 'Something went wrong; try again.';
}
