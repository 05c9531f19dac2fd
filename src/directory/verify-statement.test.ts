import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { createMemoryHeldKeyStore, OPEN_SEALER } from '../../test/support/memory-trust-stores.ts';
import { createVirtualClock } from '../kernel/clock.ts';
import type { PublicJwk, StatementVerdict } from './directory-trust.ts';
import { readTrustProfiles } from './read-trust-profiles.ts';
import { createStatementSigner, type StatementSubject } from './software-statement.ts';
import type { TrustProfile } from './trust-profile.ts';
import { createStatementVerifier } from './verify-statement.ts';

const CATALOG = new URL('../../catalog', import.meta.url).pathname;
const NOW = Date.UTC(2026, 5, 1, 12);
const DAY = 86_400_000;
const STORE = 'https://keystore.example.com';
const ORGANISATION = '9c6f2d35-3f3b-4c5e-9a70-0d2f4c1b8e11';
const SOFTWARE = '0c1f6a52-7d5e-4b1a-8f7c-5d6e7f809102';

const PROFILES = readTrustProfiles(CATALOG);
const [FINANCE, INSURANCE] = ['open-finance', 'open-insurance'].map(
  (name) => PROFILES.find(({ ecosystem }) => ecosystem === name) as TrustProfile,
) as [TrustProfile, TrustProfile];

function subject(changes: Partial<StatementSubject['software']> = {}): StatementSubject {
  return {
    organisation: {
      id: ORGANISATION,
      name: 'Receptora Exemplar S.A.',
      number: '11222333000181',
      status: 'Active',
      competentAuthorityClaims: [
        {
          authorisationDomain: 'Open Banking',
          authorisationRole: 'DADOS',
          authorisations: [{ memberState: 'BR', status: 'Active' }],
          registrationId: '11222333',
          authorityId: '687a1c94-b360-4e04-9589-0fa5cb16451b',
          authorityName: 'Banco Central',
          authorityCode: 'BCB',
          status: 'Active',
        },
      ],
    },
    software: {
      id: SOFTWARE,
      clientId: SOFTWARE,
      clientName: 'Receptora',
      clientDescription: 'Lê dados',
      version: '1.00',
      environment: 'sandbox',
      mode: 'Live',
      status: 'Active',
      clientUri: 'https://client.example.com',
      redirectUris: ['https://client.example.com/cb'],
      webhookUris: ['https://client.example.com/webhook'],
      roles: [
        { role: 'DADOS', authorisationDomain: 'Open Banking', status: 'Active' },
        { role: 'PAGTO', authorisationDomain: 'Open Banking', status: 'Inactive' },
        { role: 'DADOS', authorisationDomain: 'Open Insurance', status: 'Active' },
        { role: 'ICS', authorisationDomain: 'Open Insurance', status: 'Active' },
      ],
      ...changes,
    },
  };
}

function createDirectory(profile: TrustProfile = FINANCE) {
  const clock = createVirtualClock(NOW);
  const settings = {
    profile,
    environment: 'sandbox' as const,
    keyStoreUrl: STORE,
    keys: createMemoryHeldKeyStore(),
    sealer: OPEN_SEALER,
    clock,
  };
  const signer = createStatementSigner(settings);
  const asked: string[] = [];
  const verify = createStatementVerifier({
    profile,
    issuer: profile.statementIssuer.sandbox,
    clock,
    async keys(kid) {
      asked.push(kid);
      return (await signer.keySet()).keys;
    },
  });
  return { clock, settings, signer, verify, asked };
}

describe('given a software statement of the directory', () => {
  it('when it is fresh, then its claims are read', async () => {
    const { signer, verify } = createDirectory();
    assert.deepEqual(await verify(await signer.sign(subject())), {
      isValid: true,
      statement: {
        softwareId: SOFTWARE,
        organisationId: ORGANISATION,
        isApproved: true,
        redirectUris: ['https://client.example.com/cb'],
        webhookUris: ['https://client.example.com/webhook'],
        jwksUri: `${STORE}/${ORGANISATION}/${SOFTWARE}/application.jwks`,
        roles: ['DADOS'],
        clientName: 'Receptora',
        organisationName: 'Receptora Exemplar S.A.',
        clientUri: 'https://client.example.com',
        logoUri: undefined,
        tosUri: undefined,
        policyUri: undefined,
      },
    });
  });

  it('when it is of the other ecosystem, then the roles of that one count', async () => {
    const { signer, verify } = createDirectory(INSURANCE);
    const verdict = await verify(await signer.sign(subject()));
    assert.ok(verdict.isValid);
    assert.deepEqual(verdict.statement.roles, ['DADOS', 'ICS']);
  });

  it('when software or organisation is not active, then it is not approved', async () => {
    const { signer, verify } = createDirectory();
    const inactive = await verify(await signer.sign(subject({ status: 'Inactive' })));
    assert.equal(inactive.isValid && inactive.statement.isApproved, false);
    const { organisation, software } = subject();
    const withdrawn = { organisation: { ...organisation, status: 'Withdrawn' }, software };
    const verdict = await verify(await signer.sign(withdrawn));
    assert.equal(verdict.isValid && verdict.statement.isApproved, false);
  });

  it('when five minutes have passed, then it is too old, and not a moment before', async () => {
    const { signer, verify, clock } = createDirectory();
    const jws = await signer.sign(subject());
    await clock.advance(300_000);
    assert.equal((await verify(jws)).isValid, true);
    await clock.advance(1000);
    assertRefused(await verify(jws), /older than five minutes/);
  });

  it('when it is of the other ecosystem, then its issuer is foreign', async () => {
    const { signer, verify } = createDirectory();
    const { keySet } = signer;
    const foreign = createStatementVerifier({
      profile: INSURANCE,
      issuer: INSURANCE.statementIssuer.sandbox,
      clock: createVirtualClock(NOW),
      keys: async () => (await keySet()).keys,
    });
    const jws = await signer.sign(subject());
    assert.equal((await verify(jws)).isValid, true);
    assertRefused(await foreign(jws), /another issuer/);
  });
});

describe('given a statement that somebody made up', () => {
  const genuine = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = 'the-directory';
  const directoryKey: PublicJwk = {
    ...genuine.publicKey.export({ format: 'jwk' }),
    kid,
    use: 'sig',
    alg: 'PS256',
  };
  const verify = createStatementVerifier({
    profile: FINANCE,
    issuer: FINANCE.statementIssuer.sandbox,
    clock: createVirtualClock(NOW),
    keys: async () => [directoryKey, { kty: 'oct', kid: 'symmetric', k: 'c2VjcmV0' }],
  });
  let claims: Record<string, unknown>;

  before(async () => {
    const { signer } = createDirectory();
    const [, payload = ''] = (await signer.sign(subject())).split('.');
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  });

  function sign(
    changes: Record<string, unknown> = {},
    { alg = 'PS256', key = genuine.privateKey, header = {} as Record<string, unknown> } = {},
  ): Promise<string> {
    return new SignJWT({ ...claims, ...changes })
      .setProtectedHeader({ alg, kid, ...header })
      .sign(key as KeyObject);
  }

  it('when it is signed by the directory, then it is valid', async () => {
    assert.equal((await verify(await sign())).isValid, true);
  });

  it('when it is not signed (alg none), then it is refused', async () => {
    const [, payload] = (await sign()).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none', kid })).toString('base64url');
    assertRefused(await verify(`${header}.${payload}.`), /PS256/);
  });

  it('when it is signed with RS256 by the right key, then it is refused', async () => {
    assertRefused(await verify(await sign({}, { alg: 'RS256' })), /PS256/);
  });

  it('when it is signed with HS256 by the public key as a secret, then it is refused', async () => {
    const [, payload] = (await sign()).split('.');
    const secret = genuine.publicKey.export({ type: 'spki', format: 'pem' });
    for (const alg of ['HS256', 'PS256']) {
      const header = Buffer.from(JSON.stringify({ alg, kid })).toString('base64url');
      const mac = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
      assertRefused(await verify(`${header}.${payload}.${mac}`), /PS256|signature/);
    }
  });

  it('when it is signed by another key under the right kid, then it is refused', async () => {
    assertRefused(await verify(await sign({}, { key: other.privateKey })), /signature/);
  });

  it('when its kid is unknown, absent, or of a key that cannot verify, then it is refused', async () => {
    assertRefused(await verify(await sign({}, { header: { kid: 'another' } })), /no key/);
    assertRefused(await verify(await sign({}, { header: { kid: undefined } })), /kid/);
    assertRefused(await verify(await sign({}, { header: { kid: 'symmetric' } })), /no key/);
  });

  it('when its content was changed, then it is refused', async () => {
    const [header, , signature] = (await sign()).split('.');
    const changed = Buffer.from(JSON.stringify({ ...claims, org_id: SOFTWARE })).toString('base64url');
    assertRefused(await verify(`${header}.${changed}.${signature}`), /signature/);
  });

  it('when it brings a key of its own, then that key is not used', async () => {
    const jwk = other.publicKey.export({ format: 'jwk' });
    assertRefused(await verify(await sign({}, { key: other.privateKey, header: { jwk } })), /signature/);
  });

  for (const [what, changes, reason] of [
    ['is of the future', { iat: NOW / 1000 + 61 }, /future/],
    ['has no iat', { iat: undefined }, /no iat/],
    ['has an iat that is no number', { iat: '2026-06-01' }, /no iat/],
    ['has another issuer', { iss: 'somebody' }, /another issuer/],
    ['has expired', { exp: NOW / 1000 - 1 }, /expired/],
    ['has no software', { software_id: undefined }, /lacks claims/],
    ['names a software that is a path', { software_id: '../../etc' }, /lacks claims/],
    ['has no organisation', { org_id: 7 }, /lacks claims/],
    ['has no redirect addresses', { software_redirect_uris: undefined }, /lacks claims/],
    ['has redirect addresses that are none', { software_redirect_uris: ['hello'] }, /lacks claims/],
    ['has no keys', { software_jwks_uri: undefined }, /lacks claims/],
    ['has no roles', { software_statement_roles: undefined }, /lacks claims/],
    ['has roles that are none', { software_statement_roles: [null] }, /lacks claims/],
    ['has a logo that is no address', { software_logo_uri: 'hello' }, /lacks claims/],
  ] as const)
    it(`when it ${what}, then it is refused`, async () => {
      assertRefused(await verify(await sign(changes)), reason);
    });

  it('when it is up to a minute ahead, then clocks differ and it is valid', async () => {
    assert.equal((await verify(await sign({ iat: NOW / 1000 + 59 }))).isValid, true);
  });

  it('when it is oversized or no JWS at all, then it is refused', async () => {
    assertRefused(await verify(await sign({ filler: 'x'.repeat(70_000) })), /too long/);
    for (const text of ['', '.', '..', 'a.b', 'a.b.c', 'e30.e30.e30', '{}'])
      assertRefused(await verify(text), /JWS/);
  });
});

describe('given a signer of statements', () => {
  it('when several nodes start at once, then they sign with one key', async () => {
    const { settings } = createDirectory();
    const sets = await Promise.all([1, 2, 3].map(() => createStatementSigner(settings).keySet()));
    assert.deepEqual(new Set(sets.map(({ keys }) => keys.map(({ kid }) => kid).join())).size, 1);
  });

  it('when a key is a year old, then its successor is published an hour before it signs', async () => {
    const { signer, verify, clock } = createDirectory();
    const kidOf = async () => JSON.parse(atob((await signer.sign(subject())).split('.')[0] as string)).kid;
    const first = await kidOf();
    await clock.advance(366 * DAY);
    assert.equal(await kidOf(), first);
    assert.equal((await signer.keySet()).keys.length, 2);
    await clock.advance(3_600_001);
    assert.notEqual(await kidOf(), first);
    assert.equal((await signer.keySet()).keys.length, 2, 'the former one is still published');
    assert.equal((await verify(await signer.sign(subject()))).isValid, true);
    await clock.advance(3_600_001);
    assert.equal((await signer.keySet()).keys.length, 1);
  });

  it('then nothing private is published', async () => {
    const { keys } = await createDirectory().signer.keySet();
    assert.deepEqual(Object.keys(keys[0] ?? {}).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });
});

function assertRefused(verdict: StatementVerdict, reason: RegExp): void {
  assert.ok(!verdict.isValid, 'the statement was believed');
  assert.match(verdict.reason, reason);
}
