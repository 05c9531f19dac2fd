import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { issueCertificate } from '../../test/support/issue-certificate.ts';
import { madeUpConsent } from '../../test/support/made-up-consent.ts';
import { createMemoryArtifactStore } from '../../test/support/memory-artifact-store.ts';
import { clientCertificate } from '../../test/support/start-authorization-server.ts';
import { madeUpOperation } from '../../test/support/start-listener.ts';
import { createTrustDouble } from '../../test/support/trust-double.ts';
import type { Consent } from '../consents/consent.ts';
import type { Call } from '../contract/call.ts';
import type { ClientCertificate } from '../kernel/client-certificate.ts';
import { createAuthenticateCaller } from './authenticate-caller.ts';

const NOW = Date.UTC(2026, 5, 1);
const SOFTWARE = { organisationId: 'organisation-1', softwareId: 'software-1' };
const CONSENT_ID = 'urn:made-up:consent-1';

let certificate: ClientCertificate;
let stranger: ClientCertificate;

before(async () => {
  [certificate, stranger] = (await Promise.all([
    issueCertificate({ name: 'receiver.test' }),
    issueCertificate({ name: 'stranger.test' }),
  ]).then((issued) => issued.map((each) => clientCertificate(new X509Certificate(each.certificate))))) as [
    ClientCertificate,
    ClientCertificate,
  ];
});

interface Situation {
  readonly token?: Readonly<Record<string, unknown>>;
  readonly model?: 'AccessToken' | 'ClientCredentials';
  readonly consent?: Partial<Consent> | undefined;
  /** Of the operation's contract. */
  readonly scopes?: readonly string[];
  readonly authorization?: string | string[] | undefined;
  readonly presented?: ClientCertificate | undefined;
  readonly isVouchedFor?: boolean;
  /** What is remembered of the token, which may not be true any more. */
  readonly remembered?: Readonly<Record<string, unknown>>;
}

const CUSTOMERS_SCOPES = ['openid', 'consent:consentId', 'resources'];

async function call(situation: Situation) {
  const customers = situation.model !== 'ClientCredentials';
  const artifacts = createMemoryArtifactStore(() => NOW);
  const token = {
    clientId: 'client-1',
    exp: NOW / 1000 + 60,
    'x5t#S256': certificate.thumbprint,
    scope: customers ? `openid resources consent:${CONSENT_ID}` : 'consents',
    ...(customers ? { accountId: 'sub-1', grantId: 'grant-1' } : {}),
    ...situation.token,
  };
  await artifacts.upsert(situation.model ?? 'AccessToken', 'the-token', token, undefined);
  const consent: Consent = {
    ...madeUpConsent({ id: CONSENT_ID }),
    status: 'AUTHORISED',
    grantId: 'grant-1',
    subject: 'sub-1',
    rejection: undefined,
    selection: undefined,
    revision: 2,
    ...situation.consent,
  };
  const trust = createTrustDouble();
  if (situation.isVouchedFor !== false) {
    trust.certify(certificate.thumbprint, SOFTWARE);
    trust.certify(stranger.thumbprint, { organisationId: 'organisation-2', softwareId: 'software-2' });
  }
  const looked: string[] = [];
  const authenticate = createAuthenticateCaller({
    artifacts: {
      present: (model, id) => ({ ...artifacts.present(model, id), last: situation.remembered }),
    },
    trust,
    consents: {
      find: async (id) => {
        looked.push(id);
        return id === consent.id ? consent : undefined;
      },
    },
    clock: { now: () => NOW },
  });
  const presented = 'presented' in situation ? situation.presented : certificate;
  const authorization = 'authorization' in situation ? situation.authorization : 'Bearer the-token';
  const subject: Call = {
    operation: {
      ...madeUpOperation({ path: '/made-up' }),
      scopes: situation.scopes ?? (customers ? CUSTOMERS_SCOPES : ['consents']),
    },
    path: {},
    query: {},
    headers: { authorization },
    ...(presented ? { certificate: presented } : {}),
  };
  return { answer: await authenticate(subject), caller: subject.caller, looked };
}

async function assertRefused(situation: Situation, status: number, code: string) {
  const { answer, caller } = await call(situation);
  assert.ok(answer?.kind === 'problem');
  assert.deepEqual([answer.problem.status, answer.problem.code], [status, code]);
  assert.match(answer.headers?.['www-authenticate'] ?? '', /^Bearer/);
  assert.equal(caller, undefined);
}

describe('given a call for a customer’s data', () => {
  it('when everything is in order, then it goes on and it is known who calls', async () => {
    const { answer, caller } = await call({});
    assert.equal(answer, undefined);
    assert.deepEqual(caller, {
      clientId: 'client-1',
      organisationId: 'organisation-1',
      scopes: new Set(['openid', 'resources', `consent:${CONSENT_ID}`]),
      consentId: CONSENT_ID,
      subject: 'sub-1',
    });
  });

  it('when the token is remembered as it is, then its consent is read once', async () => {
    const remembered = { scope: `openid resources consent:${CONSENT_ID}` };
    const { answer, looked } = await call({ remembered });
    assert.equal(answer, undefined);
    assert.deepEqual(looked, [CONSENT_ID]);
  });

  it('when the token is remembered as another’s, or of the receiver itself, then what it is now counts', async () => {
    for (const scope of ['openid consent:urn:made-up:other', 'consents', 7]) {
      const { answer, caller } = await call({ remembered: { scope } });
      assert.equal(answer, undefined);
      assert.equal(caller?.consentId, CONSENT_ID);
    }
  });

  it('when the token has ended and is only remembered, then it is refused', async () => {
    const remembered = { scope: `openid resources consent:${CONSENT_ID}`, clientId: 'client-1' };
    await assertRefused({ remembered, authorization: 'Bearer another-token' }, 401, 'TOKEN_INVALIDO');
  });

  it('when the scheme is in another case, then it is the same', async () => {
    for (const scheme of ['bearer', 'BEARER', 'bEaReR'])
      assert.equal((await call({ authorization: `${scheme} the-token` })).answer, undefined);
  });

  const refused: Readonly<
    Record<string, readonly [status: number, code: string, situation: () => Situation]>
  > = {
    'there is no certificate': [401, 'CERTIFICADO_NAO_ACEITO', () => ({ presented: undefined })],
    'nobody vouches for the certificate': [401, 'CERTIFICADO_NAO_ACEITO', () => ({ isVouchedFor: false })],
    'there is no token': [401, 'TOKEN_AUSENTE', () => ({ authorization: undefined })],
    'the scheme is another': [401, 'TOKEN_INVALIDO', () => ({ authorization: 'Basic dGhlLXRva2Vu' })],
    'the header comes twice': [
      401,
      'TOKEN_INVALIDO',
      () => ({ authorization: ['Bearer the-token', 'Bearer a'] }),
    ],
    'the header holds two tokens': [401, 'TOKEN_INVALIDO', () => ({ authorization: 'Bearer the-token a' })],
    'the token is endless': [401, 'TOKEN_INVALIDO', () => ({ authorization: `Bearer ${'a'.repeat(600)}` })],
    'the token is unknown': [401, 'TOKEN_INVALIDO', () => ({ authorization: 'Bearer another-token' })],
    'the token has expired': [401, 'TOKEN_INVALIDO', () => ({ token: { exp: NOW / 1000 } })],
    'the token does not say when it expires': [401, 'TOKEN_INVALIDO', () => ({ token: { exp: undefined } })],
    'the certificate is another': [401, 'TOKEN_INVALIDO', () => ({ presented: stranger })],
    'the token is bound to nothing': [401, 'TOKEN_INVALIDO', () => ({ token: { 'x5t#S256': undefined } })],
    'the token is the receiver’s own': [
      401,
      'TOKEN_INVALIDO',
      () => ({ model: 'ClientCredentials', scopes: CUSTOMERS_SCOPES }),
    ],
    'the token names no consent': [
      401,
      'CONSENTIMENTO_NAO_AUTORIZADO',
      () => ({ token: { scope: 'openid resources' } }),
    ],
    'the consent is unknown': [
      401,
      'CONSENTIMENTO_NAO_AUTORIZADO',
      () => ({ consent: { id: 'urn:made-up:other' } }),
    ],
    'the consent awaits authorisation': [
      401,
      'CONSENTIMENTO_NAO_AUTORIZADO',
      () => ({ consent: { status: 'AWAITING_AUTHORISATION' } }),
    ],
    'the consent has ended': [
      401,
      'CONSENTIMENTO_NAO_AUTORIZADO',
      () => ({ consent: { status: 'REJECTED' } }),
    ],
    'the consent is of another receiver': [
      401,
      'CONSENTIMENTO_NAO_AUTORIZADO',
      () => ({ consent: { clientId: 'client-2' } }),
    ],
    'the token is of an earlier authorisation': [
      401,
      'CONSENTIMENTO_NAO_AUTORIZADO',
      () => ({ consent: { grantId: 'grant-2' } }),
    ],
    'the token is of another customer': [
      401,
      'CONSENTIMENTO_NAO_AUTORIZADO',
      () => ({ consent: { subject: 'sub-2' } }),
    ],
    'the token lacks the scope of the operation': [
      403,
      'ESCOPO_INSUFICIENTE',
      () => ({ token: { scope: `openid consent:${CONSENT_ID}` } }),
    ],
  };
  for (const [what, [status, code, situation]] of Object.entries(refused))
    it(`when ${what}, then it is refused with ${status} ${code}`, () =>
      assertRefused(situation(), status, code));

  it('when a scope is missing, then the answer names it', async () => {
    const { answer } = await call({ scopes: [...CUSTOMERS_SCOPES, 'customers'] });
    assert.ok(answer?.kind === 'problem');
    assert.equal(
      answer.headers?.['www-authenticate'],
      'Bearer error="insufficient_scope", scope="customers"',
    );
  });
});

describe('given a call of the receiver’s own', () => {
  it('when everything is in order, then it goes on without a consent or a customer', async () => {
    const { answer, caller } = await call({ model: 'ClientCredentials' });
    assert.equal(answer, undefined);
    assert.deepEqual(caller, {
      clientId: 'client-1',
      organisationId: 'organisation-1',
      scopes: new Set(['consents']),
    });
  });

  it('when the token is a customer’s, then it is refused', () =>
    assertRefused({ scopes: ['consents'] }, 401, 'TOKEN_INVALIDO'));

  it('when the token is for something else, then it is refused', () =>
    assertRefused({ model: 'ClientCredentials', token: { scope: 'payments' } }, 403, 'ESCOPO_INSUFICIENTE'));
});
