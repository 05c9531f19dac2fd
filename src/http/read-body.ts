import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, answerProblem, type Call } from '../contract/call.ts';
import { findJsonType } from '../contract/json-body.ts';
import { parseJson } from '../contract/parse-json.ts';
import { createProblem } from '../kernel/problem.ts';
import { letBodyCome } from './continue.ts';
import { type BodyBounds, receiveBody } from './receive-body.ts';

/** Bounds on the bodies of API calls. */
const BOUNDS: BodyBounds = { mostBytes: 64 * 1024, mostMs: 10_000 };

interface Source {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Steps see a call and not its request, so what has the body is kept beside the call until it is read. */
const sources = new WeakMap<Call, Source>();

/** Keeps a body in reach of {@link readBody}. */
export function keepBodySource(call: Call, source: Source): void {
  sources.set(call, source);
}

/**
 * The step that reads the body of a call and puts it on `call.body`: strict JSON, or one text where the contract takes
 * another media type, of at most 64 KB, within ten seconds. Standing behind the checks of limits and access, it lets no stranger send anything.
 *
 * Answers 400 or 415 for what is not that, 413 beyond the size and 408 beyond the time.
 */
export function readBody(call: Call): undefined | Answer | Promise<Answer | undefined> {
  const source = sources.get(call);
  if (!source) return undefined;
  sources.delete(call);
  if (!hasBody(source.request)) return undefined;
  const refusal = refuseForm(call, source.request);
  if (refusal) return refusal;
  if (Number(source.request.headers['content-length'] ?? 0) > BOUNDS.mostBytes) return refuseSize();
  letBodyCome(source.request, source.response);
  return receiveBody(source.request, BOUNDS).then((received) => {
    if (received === 'too-large') return refuseSize();
    // Where the next request would begin is not known, so there is none.
    if (received === 'too-slow')
      return answerProblem(createProblem('TEMPO_ESGOTADO'), { connection: 'close' });
    if (received === 'broken') return answerProblem(createProblem('CORPO_MALFORMADO'));
    return isJson(source.request) ? takeJson(call, received) : takeText(call, received);
  });
}

function refuseSize(): Answer {
  return answerProblem(createProblem('CORPO_MUITO_GRANDE'));
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function takeJson(call: Call, bytes: Buffer): Answer | undefined {
  if (bytes.length === 0) return undefined;
  const parsed = parseJson(bytes);
  if ('fault' in parsed) return answerProblem(createProblem('CORPO_MALFORMADO', { detail: parsed.fault }));
  call.body = parsed.value;
  return undefined;
}

function isJson({ headers }: IncomingMessage): boolean {
  return findJsonType([headers['content-type'] ?? '']) !== undefined;
}

/** Certificates and their like are one text. */
function takeText(call: Call, bytes: Buffer): Answer | undefined {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) return answerProblem(createProblem('CORPO_MALFORMADO'));
  call.body = bytes.toString();
  return undefined;
}

function refuseForm({ operation }: Call, { headers }: IncomingMessage): Answer | undefined {
  const encoding = headers['content-encoding']?.toLowerCase();
  if (encoding !== undefined && encoding !== 'identity')
    return answerProblem(createProblem('TIPO_DE_CONTEUDO_NAO_SUPORTADO'), { 'accept-encoding': 'identity' });
  const accepted = operation.request?.mediaTypes ?? [];
  if (isAccepted(headers['content-type'], accepted)) return undefined;
  const code = operation.statuses.has(415) ? 'TIPO_DE_CONTEUDO_NAO_SUPORTADO' : 'CORPO_MALFORMADO';
  return answerProblem(
    createProblem(code, { detail: `O tipo de conteúdo deve ser ${accepted.join(' ou ')}.` }),
  );
}

/** Of the parameters only a charset matters: JSON has one. */
function isAccepted(header: string | undefined, accepted: readonly string[]): boolean {
  const [essence = '', ...parameters] = (header ?? '').toLowerCase().split(';');
  const charsets = parameters
    .map((parameter) => parameter.split('=').map((part) => part.trim()))
    .filter(([name]) => name === 'charset');
  return (
    charsets.every(([, charset]) => charset === 'utf-8' || charset === '"utf-8"') &&
    accepted.some((type) => essenceOf(type) === essence.trim())
  );
}

/** Contracts write `application/json` and `application/json; charset=utf-8`. */
function essenceOf(type: string): string {
  return (type.split(';', 1)[0] as string).trim().toLowerCase();
}
