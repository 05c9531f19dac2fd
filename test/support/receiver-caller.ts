import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import type { Operation } from '../../src/contract/operation.ts';
import { type HolderConnection, ownToken } from '../../src/receiver/connect-holder.ts';
import { catalogOperations } from './catalog-operations.ts';
import { declaredErrors, schemaValidator } from './schema-validator.ts';
import type { Json } from './send-request.ts';
import type { TestSandbox } from './start-sandbox.ts';

/** A call of an API on the mTLS listener. What is not said is as a receiver that does everything right has it. */
export interface ApiCall {
  readonly method?: string;
  /** Origin of another node; the institution’s own unless it is said. */
  readonly origin?: string;
  /** Path with its query, as it goes on the wire. */
  readonly path: string;
  /** Null for none. */
  readonly token?: string | null;
  /** Replace those of a right call; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is; an array in pieces, without its length. */
  readonly raw?: string | Buffer | readonly Buffer[];
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body, parsed; undefined for none. */
  readonly body: Json;
}

/** A receiver of the sandbox that calls APIs with its certificate, well or badly, and holds every answer to its contract. */
export interface ReceiverCaller {
  readonly connection: HolderConnection;
  /** Token of the receiver's own, which calls carry unless they say otherwise. */
  readonly token: string;
  send(call: ApiCall): Promise<ApiAnswer>;
  close(): Promise<void>;
}

/** What a caller presents in the handshake: the certificate of the sandbox's receiver of this number, or none. */
export type PresentedCertificate = number | 'none';

/** Connects a registered receiver to an institution. `presents` is for calls with the certificate of somebody else. */
export async function createReceiverCaller(
  { sandbox, institution, connect }: TestSandbox,
  receiver: number,
  ecosystem: string,
  presents: PresentedCertificate = receiver,
): Promise<ReceiverCaller> {
  const connection = await connect(receiver, ecosystem);
  const token = await ownToken(connection);
  const { origin } = new URL(institution(ecosystem).consentsUrl);
  const keys = presents === 'none' ? undefined : sandbox.receivers[presents]?.keys;
  const identity = keys && { cert: keys.certificate, key: keys.certificateKey };
  const dispatcher = new Agent({ connect: { ca: sandbox.directory.authorities, ...identity } });

  async function send(call: ApiCall): Promise<ApiAnswer> {
    const { method = 'GET', path } = call;
    const headers = headersOf(call, token);
    const {
      statusCode,
      headers: answered,
      body,
    } = await request(`${call.origin ?? origin}${path}`, {
      dispatcher,
      method: method as 'GET',
      headers,
      body: bodyOf(call),
    });
    const text = await body.text();
    const answer = {
      status: statusCode,
      headers: answered,
      text,
      body: text === '' ? undefined : JSON.parse(text),
    };
    holdToContract(method, path, headers, answer);
    return answer;
  }

  return { connection, token, send, close: () => dispatcher.close() };
}

function headersOf(
  { token, headers = {}, json, raw }: ApiCall,
  own: string,
): Record<string, string | string[]> {
  const bearer = token === undefined ? own : token;
  const right = {
    accept: 'application/json',
    'x-fapi-interaction-id': randomUUID(),
    ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
    ...(json === undefined && raw === undefined
      ? {}
      : { 'content-type': 'application/json', 'x-idempotency-key': randomUUID() }),
  };
  const all = Object.entries<string | string[] | undefined>({ ...right, ...headers });
  return Object.fromEntries(all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function bodyOf({ json, raw }: ApiCall): string | Buffer | Readable | null {
  if (json !== undefined) return JSON.stringify(json);
  if (raw === undefined || typeof raw === 'string' || Buffer.isBuffer(raw)) return raw ?? null;
  return Readable.from(raw);
}

/** Every answer has the headers that all answers have, and a body in the form of its own contract. */
function holdToContract(
  method: string,
  path: string,
  sent: Readonly<Record<string, string | string[]>>,
  { status, headers, text, body }: ApiAnswer,
): void {
  const at = `${method} ${path}: ${status} ${text}`;
  const operation = operationAt(method, path.split('?')[0] as string);
  assert.match(String(headers['x-fapi-interaction-id']), /^[a-zA-Z0-9][a-zA-Z0-9-]{0,99}$/, at);
  if (isUuid(sent['x-fapi-interaction-id']))
    assert.equal(headers['x-fapi-interaction-id'], sent['x-fapi-interaction-id'], at);
  assert.equal(headers['x-v'], operation.version, at);
  assert.equal(headers['cache-control'], 'no-store', at);
  if (status === 401) assert.match(String(headers['www-authenticate']), /^Bearer/, at);
  if ([202, 204].includes(status) || method === 'HEAD') {
    assert.equal(text, '', at);
    return;
  }
  const validate = validatorOf(operation, status);
  assert.ok(validate(body), `${at}\n${JSON.stringify(validate.errors)}`);
  if (status >= 400) assert.doesNotMatch(text, /\d{11}/, `${at}: nobody's document is in an error`);
}

const validators = new Map<string, ReturnType<typeof schemaValidator>>();

/** Of a status that the contract does not declare, errors have the form of a 400. */
function validatorOf(operation: Operation, status: number): ReturnType<typeof schemaValidator> {
  const name = `${operation.key} ${operation.version} ${status}`;
  const known = validators.get(name);
  if (known) return known;
  const errors = declaredErrors(operation);
  const schema = status < 400 ? operation.answer.schema() : (errors.get(status) ?? errors.get(400));
  assert.ok(schema, `${name} has a schema`);
  const made = schemaValidator(schema);
  validators.set(name, made);
  return made;
}

/** The newest version of what answers at a path; for a method that it does not have, one of its others. */
function operationAt(method: string, path: string): Operation {
  const [, ...segments] = path.split('/');
  const found = catalogOperations
    .filter((operation) => {
      const [, ...template] = operation.path.split('/');
      return (
        template.length === segments.length &&
        template.every((segment, index) => segment.startsWith('{') || segment === segments[index])
      );
    })
    .toSorted((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }));
  const wanted = method === 'HEAD' ? 'GET' : method;
  const operation = found.find((each) => each.method === wanted) ?? found[0];
  if (!operation) throw new Error(`the catalog has nothing at ${path}`);
  return operation;
}

function isUuid(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value);
}

/** Status and code of an error, in whichever form its contract has them. */
export function errorOf({ status, body }: ApiAnswer): [number, string] {
  const { errors } = body as Json;
  return [status, (Array.isArray(errors) ? errors[0] : errors)?.code];
}
