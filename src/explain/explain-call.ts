import { PROBLEMS, type ProblemCode } from '../kernel/problem.ts';
import type { CallRecord } from './call-record.ts';
import { describeNotes } from './describe-notes.ts';
import { type Finding, TOPICS, type Topic } from './finding.ts';

/** Why a call was answered as it was. */
export interface CallExplanation {
  /** One sentence in English: the status, and what decided it. */
  readonly reason: string;
  /** In the order in which things are looked at. */
  readonly findings: readonly Finding[];
}

/** Explains a call by what is on record of it; what the record lacks is said to be unknown. */
export function explainCall(record: CallRecord): CallExplanation {
  const { problem, notes } = record;
  const noted = describeNotes(notes, problem && DECIDED_BY[problem]);
  const decisive = decisiveTopic(record, noted);
  const findings = topicsOf(record, decisive).map((topic) => complete(topic, record, noted, decisive));
  return { reason: reasonOf(record, findings, decisive), findings };
}

/** Which look answers with a problem. What is not here is found by what was noted. */
const DECIDED_BY: Readonly<Partial<Record<ProblemCode, Topic>>> = {
  LIMITE_EXCEDIDO: 'limits',
  CAPACIDADE_EXCEDIDA: 'limits',
  CERTIFICADO_NAO_ACEITO: 'certificate',
  TOKEN_AUSENTE: 'token',
  TOKEN_INVALIDO: 'token',
  ESCOPO_INSUFICIENTE: 'token',
  TOKEN_DE_OUTRO_CONSENTIMENTO: 'token',
  CONSENTIMENTO_NAO_AUTORIZADO: 'consent',
  CONSENTIMENTO_NAO_ENCONTRADO: 'consent',
  CONSENTIMENTO_DE_OUTRO_CLIENTE: 'consent',
  CONSENTIMENTO_EM_STATUS_REJEITADO: 'consent',
  ESTADO_CONSENTIMENTO_INVALIDO: 'consent',
  DEPENDE_MULTIPLA_ALCADA: 'consent',
  PERMISSAO_NAO_CONCEDIDA: 'permission',
  RESOURCE_FORBIDDEN: 'resource',
  STATUS_RESOURCE_PENDING_AUTHORISATION: 'resource',
  STATUS_RESOURCE_TEMPORARILY_UNAVAILABLE: 'resource',
  STATUS_RESOURCE_UNAVAILABLE: 'resource',
  INSTITUICAO_NAO_RESPONDEU: 'connector',
  DADOS_EM_PREPARACAO: 'connector',
  RETRY_EXCEDIDO: 'connector',
  DADOS_FORA_DO_CONTRATO: 'validation',
  ERRO_INTERNO: 'service',
  OPERACAO_NAO_DISPONIVEL: 'service',
};

/** Answered before the caller is looked at, although they concern the request. */
const BEFORE_CALLER: ReadonlySet<ProblemCode> = new Set([
  'REQUISICAO_MALFORMADA',
  'PARAMETRO_REPETIDO',
  'FORMATO_NAO_ACEITO',
  'VERSAO_NAO_SUPORTADA',
]);

/** Undefined for a call that was answered with what it asked for. */
function decisiveTopic({ status, problem }: CallRecord, noted: readonly Finding[]): Topic | undefined {
  if (problem === undefined && status < 400) return undefined;
  const known = problem && DECIDED_BY[problem];
  if (known) return known;
  const faulty = noted.findLast(({ outcome }) => outcome === 'fault');
  if (status >= 500) return faulty?.topic ?? 'service';
  return faulty && problem === undefined ? faulty.topic : 'request';
}

/** Consents themselves have no resources and no data. */
function topicsOf({ kind }: CallRecord, decisive: Topic | undefined): Topic[] {
  return TOPICS.filter((topic) => {
    if (topic === decisive) return true;
    if (topic === 'service') return false;
    return kind !== 'consents' || TOPICS.indexOf(topic) <= TOPICS.indexOf('request');
  });
}

function complete(
  topic: Topic,
  record: CallRecord,
  noted: readonly Finding[],
  decisive: Topic | undefined,
): Finding {
  const found = noted.find((finding) => finding.topic === topic);
  if (topic === decisive)
    return {
      topic,
      outcome: 'fault',
      text: found?.outcome === 'fault' ? found.text : describeProblem(record),
    };
  if (found) return found;
  if (isReached(topic, record, decisive))
    return topic === 'request'
      ? { topic, outcome: 'fine', text: 'headers, parameters and body are as the contract has them' }
      : { topic, outcome: 'unknown', text: UNKNOWN[topic] ?? 'nothing was noted' };
  return { topic, outcome: 'not-reached', text: 'not reached' };
}

const UNKNOWN: Readonly<Partial<Record<Topic, string>>> = {
  consent: 'the call is not under a consent',
  resource: 'the call concerns no single resource',
};

function isReached(topic: Topic, { problem }: CallRecord, decisive: Topic | undefined): boolean {
  if (decisive === undefined) return true;
  // A fault of ours may come anywhere: only notes tell how far the call got.
  if (decisive === 'service') return false;
  if (problem && BEFORE_CALLER.has(problem)) return false;
  return TOPICS.indexOf(topic) < TOPICS.indexOf(decisive);
}

function reasonOf(
  { status, problem }: CallRecord,
  findings: readonly Finding[],
  decisive: Topic | undefined,
): string {
  const decided = findings.find(({ topic }) => topic === decisive);
  if (decided) return `${status}${problem ? ` ${problem}` : ''}: ${decided.text}`;
  if (status === 202) return '202: the institution is still preparing the list of resources';
  const flaws = findings.filter(({ outcome }) => outcome === 'fault').map(({ text }) => text);
  return flaws.length === 0
    ? `${status}: nothing stood in the way`
    : `${status}: answered, but ${flaws.join('; ')}`;
}

/** As the table of problems has it; an older record may have a code that is gone. */
function describeProblem({ status, problem }: CallRecord): string {
  if (problem === undefined) return `answered with ${status}, and nothing tells why`;
  const { when } = (PROBLEMS as Readonly<Record<string, { readonly when: string } | undefined>>)[problem] ?? {
    when: 'a reason that this version of guiche does not know',
  };
  return `${when.charAt(0).toLowerCase()}${when.slice(1).replace(/\.$/, '')}`;
}
