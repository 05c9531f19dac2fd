import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { madeUpAnswered } from '../../test/support/made-up-answered.ts';
import type { CallNotes } from '../contract/call-notes.ts';
import { PROBLEMS, type ProblemCode } from '../kernel/problem.ts';
import { type CallRecord, toCallRecord } from './call-record.ts';
import { explainCall } from './explain-call.ts';
import { TOPICS, type Topic } from './finding.ts';

const CONSENT = 'urn:banco:4f1f3a2e-5d0d-4d27-9b7e-0a6f6f3b7a11';
const UNTIL = Date.parse('2026-03-10T15:00:00Z');

/** Everything that a call which went well notes. */
const FINE: CallNotes = {
  limits: { address: { count: 3, limit: 500 }, all: { count: 12, limit: 300 } },
  certificate: { isTrusted: true, organisationId: 'org-1', softwareId: 'soft-1', thumbprint: 'abc' },
  token: { kind: 'customer', clientId: 'client-1', expiresAt: UNTIL },
  consent: { id: CONSENT, status: 'AUTHORISED', revision: 2 },
  permission: { asked: ['ACCOUNTS_READ'], isGranted: true },
  resource: { shared: 2 },
  connector: { name: 'core', outcome: 'ok', waitedMs: 12.4, budgetMs: 900 },
  validation: { records: 25, broken: 0, foreign: 0 },
};

function recordOf(
  status: number,
  notes: CallNotes,
  problem?: ProblemCode,
  kind: CallRecord['kind'] = 'customer-data',
): CallRecord {
  return { ...toCallRecord(madeUpAnswered({ status, notes, ...(problem && { problem }) })), kind };
}

/** The notes of a call that got as far as a topic, and not beyond it. */
function notedUpTo(last: keyof CallNotes, change: CallNotes): CallNotes {
  const names = Object.keys(FINE) as (keyof CallNotes)[];
  const reached = names.slice(0, names.indexOf(last));
  return { ...Object.fromEntries(reached.map((name) => [name, FINE[name]])), ...change };
}

function outcomeOf(record: CallRecord, topic: Topic) {
  return explainCall(record).findings.find((finding) => finding.topic === topic)?.outcome;
}

describe('given a call that went well', () => {
  it('when it is explained, then every look was fine and the reason says that nothing stood in the way', () => {
    const { reason, findings } = explainCall(recordOf(200, FINE));
    assert.equal(reason, '200: nothing stood in the way');
    assert.deepEqual(
      findings.map(({ topic, outcome }) => `${topic} ${outcome}`),
      TOPICS.filter((topic) => topic !== 'service').map((topic) => `${topic} fine`),
    );
  });

  it('when the list of resources is being prepared, then 202 says so', () => {
    const connector = { name: 'core', outcome: 'notReady', waitedMs: 3, budgetMs: 900 };
    assert.match(explainCall(recordOf(202, { ...FINE, connector })).reason, /^202: .*preparing/);
  });

  it('when records were left out, then the reason says how many, and where the first fault is', () => {
    const validation = {
      records: 25,
      broken: 2,
      foreign: 1,
      pointer: '/data/3/amount',
      reason: 'must be string',
    };
    assert.equal(
      explainCall(recordOf(200, { ...FINE, validation })).reason,
      '200: answered, but 2 of 25 records break the contract and 1 of 25 records are of somebody or something else; the first at /data/3/amount: must be string',
    );
  });

  it('when an answer from before was served, then the reason says of when', () => {
    const connector = { ...FINE.connector, outcome: 'late', asOf: UNTIL, isSnapshot: true } as const;
    assert.match(
      explainCall(recordOf(200, { ...FINE, connector } as CallNotes)).reason,
      /did not answer within 900 ms; an answer from before was served in its place, as of 2026-03-10T15:00:00.000Z/,
    );
  });

  it('when it is of the consents themselves, then resources and data are not looked at', () => {
    const { findings } = explainCall(
      recordOf(201, { limits: FINE.limits, token: FINE.token } as CallNotes, undefined, 'consents'),
    );
    assert.deepEqual(
      findings.map(({ topic }) => topic),
      ['limits', 'certificate', 'token', 'consent', 'request'],
    );
  });
});

/** Each refusal: what was noted, and the one reason. */
const REFUSALS: readonly {
  readonly status: number;
  readonly problem: ProblemCode;
  readonly notes: CallNotes;
  readonly topic: Topic;
  readonly reason: RegExp;
}[] = [
  {
    status: 429,
    problem: 'LIMITE_EXCEDIDO',
    notes: { limits: { address: { count: 501, limit: 500 } } },
    topic: 'limits',
    reason: /^429 LIMITE_EXCEDIDO: requests of the address: 501 of 500$/,
  },
  {
    status: 401,
    problem: 'CERTIFICADO_NAO_ACEITO',
    notes: notedUpTo('certificate', { certificate: { isTrusted: false, reason: 'revoked' } }),
    topic: 'certificate',
    reason: /^401 .*the certificate is not trusted: revoked$/,
  },
  {
    status: 401,
    problem: 'TOKEN_INVALIDO',
    notes: notedUpTo('token', {
      token: { kind: 'customer', clientId: 'client-1', expiresAt: UNTIL, fault: 'expired' },
    }),
    topic: 'token',
    reason: /^401 .*the token has expired \(of a consent, client client-1, until 2026-03-10T15:00:00.000Z\)$/,
  },
  {
    status: 403,
    problem: 'ESCOPO_INSUFICIENTE',
    notes: notedUpTo('token', { token: { kind: 'own', missingScopes: ['accounts'] } }),
    topic: 'token',
    reason: /^403 .*lacks the scope accounts/,
  },
  {
    status: 401,
    problem: 'CONSENTIMENTO_NAO_AUTORIZADO',
    notes: notedUpTo('consent', {
      consent: { id: CONSENT, status: 'REJECTED', revision: 3, fault: 'not-authorised' },
    }),
    topic: 'consent',
    reason: new RegExp(
      `^401 CONSENTIMENTO_NAO_AUTORIZADO: the consent ${CONSENT} is REJECTED \\(revision 3\\)$`,
    ),
  },
  {
    status: 422,
    problem: 'CONSENTIMENTO_EM_STATUS_REJEITADO',
    notes: notedUpTo('consent', { consent: { id: CONSENT, status: 'REJECTED' } }),
    topic: 'consent',
    reason: /^422 .*the consent .* is REJECTED$/,
  },
  {
    status: 400,
    problem: 'PARAMETRO_INVALIDO',
    notes: notedUpTo('permission', {}),
    topic: 'request',
    reason: /^400 PARAMETRO_INVALIDO: a path or query parameter/,
  },
  {
    status: 403,
    problem: 'PERMISSAO_NAO_CONCEDIDA',
    notes: notedUpTo('permission', { permission: { asked: ['ACCOUNTS_READ'], isGranted: false } }),
    topic: 'permission',
    reason: /^403 .*the consent does not have ACCOUNTS_READ$/,
  },
  {
    status: 403,
    problem: 'STATUS_RESOURCE_TEMPORARILY_UNAVAILABLE',
    notes: notedUpTo('resource', {
      resource: { id: 'f00', type: 'ACCOUNT', status: 'TEMPORARILY_UNAVAILABLE', reason: 'BLOCKED_BY_OWNER' },
    }),
    topic: 'resource',
    reason: /^403 .*: the resource f00 \(ACCOUNT\) is TEMPORARILY_UNAVAILABLE: blocked by owner$/,
  },
  {
    status: 504,
    problem: 'INSTITUICAO_NAO_RESPONDEU',
    notes: notedUpTo('connector', {
      connector: { name: 'core', outcome: 'late', waitedMs: 903, budgetMs: 900 },
    }),
    topic: 'connector',
    reason: /^504 .*: the institution's systems \(connector core\) did not answer within 900 ms$/,
  },
  {
    status: 503,
    problem: 'SERVICO_INDISPONIVEL',
    notes: notedUpTo('connector', {
      connector: { name: 'core', outcome: 'away', waitedMs: 1.2, budgetMs: 900 },
    }),
    topic: 'connector',
    reason: /^503 .*\(connector core\) failed after 1 ms of 900 ms$/,
  },
  {
    status: 503,
    problem: 'SERVICO_INDISPONIVEL',
    notes: notedUpTo('token', {}),
    topic: 'service',
    reason: /^503 SERVICO_INDISPONIVEL: what consents need is away/,
  },
  {
    status: 500,
    problem: 'DADOS_FORA_DO_CONTRATO',
    notes: {
      ...FINE,
      validation: { records: 1, broken: 1, foreign: 0, pointer: '/data', reason: 'must be object' },
    },
    topic: 'validation',
    reason: /^500 .*1 of 1 records break the contract; the first at \/data: must be object$/,
  },
  {
    status: 500,
    problem: 'ERRO_INTERNO',
    notes: FINE,
    topic: 'service',
    reason: /^500 ERRO_INTERNO: something unexpected; the log has the cause/,
  },
];

describe('given a call that was refused', () => {
  for (const { status, problem, notes, topic, reason } of REFUSALS)
    it(`when ${problem} came of ${topic}, then that is the one reason`, () => {
      const explained = explainCall(recordOf(status, notes, problem));
      assert.match(explained.reason, reason);
      assert.deepEqual(
        explained.findings.filter(({ outcome }) => outcome === 'fault').map((finding) => finding.topic),
        [topic],
      );
    });

  it('when a look came after the refusal, then it was not reached', () => {
    const record = recordOf(
      401,
      notedUpTo('certificate', { certificate: { isTrusted: false } }),
      'CERTIFICADO_NAO_ACEITO',
    );
    assert.equal(outcomeOf(record, 'limits'), 'fine');
    for (const topic of ['token', 'consent', 'request', 'permission', 'connector', 'validation'] as const)
      assert.equal(outcomeOf(record, topic), 'not-reached', topic);
  });

  it('when the version was not to be had, then nobody looked at the caller', () => {
    const record = recordOf(406, { limits: FINE.limits } as CallNotes, 'VERSAO_NAO_SUPORTADA');
    assert.equal(outcomeOf(record, 'request'), 'fault');
    assert.equal(outcomeOf(record, 'certificate'), 'not-reached');
  });

  it('when nothing was noted at all, then the reason is what the code stands for', () => {
    const { reason } = explainCall(recordOf(403, {}, 'RESOURCE_FORBIDDEN'));
    assert.match(reason, /^403 RESOURCE_FORBIDDEN: the consent does not reach the resource/);
  });

  it('when the code is of another version of guiche, then it is named still', () => {
    const { reason } = explainCall(recordOf(400, {}, 'GONE_BY_NOW' as ProblemCode));
    assert.match(reason, /^400 GONE_BY_NOW: /);
  });
});

it('given any notes and any problem, when the call is explained, then exactly one finding decides and the reason is its text', () => {
  const names = Object.keys(FINE) as (keyof CallNotes)[];
  fc.assert(
    fc.property(
      fc.subarray(names),
      fc.constantFrom(...(Object.keys(PROBLEMS) as ProblemCode[])),
      fc.constantFrom('consents', 'resources', 'customer-data'),
      (kept, problem, kind) => {
        const notes: CallNotes = Object.fromEntries(kept.map((name) => [name, FINE[name]]));
        const { reason, findings } = explainCall(
          recordOf(PROBLEMS[problem].status, notes, problem, kind as 'consents'),
        );
        const faults = findings.filter(({ outcome }) => outcome === 'fault');
        assert.equal(faults.length, 1);
        assert.equal(reason, `${PROBLEMS[problem].status} ${problem}: ${faults[0]?.text}`);
      },
    ),
  );
});
