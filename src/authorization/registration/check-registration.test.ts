import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SoftwareStatement } from '../../directory/directory-trust.ts';
import type { AuthorizationProfile } from '../authorization-profile.ts';
import { checkRegistration, type RegistrationRules } from './check-registration.ts';

const PROFILE: AuthorizationProfile = {
  ecosystem: 'made-up',
  acr: { 2: 'urn:loa2', 3: 'urn:loa3' },
  scopes: ['openid', 'consents', 'resources', 'customers'],
  ownScopes: ['consents'],
  roles: {
    DATA: ['openid', 'consents', 'resources', 'customers', 'unpublished'],
    OTHER: ['openid', 'payments'],
  },
};

const SOFTWARE = { organisationId: 'organisation', softwareId: 'software' };

const STATEMENT: SoftwareStatement = {
  ...SOFTWARE,
  isApproved: true,
  redirectUris: ['https://receiver.test/one', 'https://receiver.test/two', 'https://receiver.test./dotted'],
  webhookUris: ['https://receiver.test/webhook'],
  jwksUri: 'https://keystore.test/application.jwks',
  roles: ['DATA'],
  clientName: 'Receptora',
  organisationName: 'Organização',
  clientUri: undefined,
  logoUri: 'https://receiver.test/logo.svg',
  tosUri: undefined,
  policyUri: undefined,
};

const ASKED = { software_statement: 'jws', redirect_uris: ['https://receiver.test/one'] };

function rules(
  statement: Partial<SoftwareStatement> = {},
  keys = [{ use: 'sig' }, { use: 'enc' }],
): RegistrationRules {
  return {
    profile: PROFILE,
    trust: {
      statement: async (jws) =>
        jws === 'jws'
          ? { isValid: true, statement: { ...STATEMENT, ...statement } }
          : { isValid: false, reason: 'the signature is not good' },
      keys: async (uri) => {
        if (uri !== STATEMENT.jwksUri) throw new Error('elsewhere');
        return keys;
      },
    },
  };
}

interface Case {
  readonly asked?: Readonly<Record<string, unknown>>;
  readonly statement?: Partial<SoftwareStatement>;
  readonly software?: Partial<typeof SOFTWARE>;
  readonly keys?: { use: string }[];
}

async function judge({ asked = {}, statement = {}, software = {}, keys }: Case) {
  return checkRegistration({ ...ASKED, ...asked }, { ...SOFTWARE, ...software }, rules(statement, keys));
}

/** In the order of the checks: each case fails its own check and all that come after it. */
const REFUSED: Readonly<Record<string, readonly [error: string, failing: Case]>> = {
  'there is no statement': ['invalid_software_statement', { asked: { software_statement: undefined } }],
  'the statement is no text': ['invalid_software_statement', { asked: { software_statement: 7 } }],
  'the directory does not stand by the statement': [
    'invalid_software_statement',
    { asked: { software_statement: 'forged' } },
  ],
  'the directory does not approve the software': [
    'unapproved_software_statement',
    { statement: { isApproved: false } },
  ],
  'the certificate is of other software': [
    'invalid_software_statement',
    { software: { softwareId: 'other' } },
  ],
  'the certificate is of another organisation': [
    'invalid_software_statement',
    { software: { organisationId: 'other' } },
  ],
  'keys come by value': ['invalid_client_metadata', { asked: { jwks: { keys: [] } } }],
  'keys are elsewhere than the statement says': [
    'invalid_client_metadata',
    { asked: { jwks_uri: 'https://evil.test/application.jwks' } },
  ],
  'there is no encryption key': ['invalid_client_metadata', { keys: [{ use: 'sig' }] }],
  'the keys cannot be had': [
    'invalid_client_metadata',
    { statement: { jwksUri: 'https://keystore.test/gone' } },
  ],
  'there are no redirect URIs': ['invalid_redirect_uri', { asked: { redirect_uris: undefined } }],
  'the list of redirect URIs is empty': ['invalid_redirect_uri', { asked: { redirect_uris: [] } }],
  'redirect URIs are no list': [
    'invalid_redirect_uri',
    { asked: { redirect_uris: 'https://receiver.test/one' } },
  ],
  'a redirect URI is not in the statement': [
    'invalid_redirect_uri',
    { asked: { redirect_uris: ['https://receiver.test/one', 'https://receiver.test/three'] } },
  ],
  'a redirect URI differs in case only': [
    'invalid_redirect_uri',
    { asked: { redirect_uris: ['https://Receiver.test/one'] } },
  ],
  'a redirect URI looks like one of the statement': [
    'invalid_redirect_uri',
    { asked: { redirect_uris: ['https://rеceiver.test/one'] } },
  ],
  'a redirect URI is of a form that cannot be compared': [
    'invalid_redirect_uri',
    { asked: { redirect_uris: ['https://receiver.test./dotted'] } },
  ],
  'another authentication is asked for': [
    'invalid_client_metadata',
    { asked: { token_endpoint_auth_method: 'tls_client_auth' } },
  ],
  'another algorithm is asked for': [
    'invalid_client_metadata',
    { asked: { id_token_signed_response_alg: 'RS256' } },
  ],
  'no algorithm at all is asked for': [
    'invalid_client_metadata',
    { asked: { request_object_signing_alg: 'none' } },
  ],
  'tokens are not to be bound': [
    'invalid_client_metadata',
    { asked: { tls_client_certificate_bound_access_tokens: false } },
  ],
  'another response type is asked for': ['invalid_client_metadata', { asked: { response_types: ['code'] } }],
  'an unknown grant type is asked for': [
    'invalid_client_metadata',
    { asked: { grant_types: ['authorization_code', 'password'] } },
  ],
  'the code grant is not asked for': [
    'invalid_client_metadata',
    { asked: { grant_types: ['client_credentials'] } },
  ],
  'the application is of an unknown type': [
    'invalid_client_metadata',
    { asked: { application_type: 'desktop' } },
  ],
  'a scope is beyond the roles': ['invalid_client_metadata', { asked: { scope: 'openid payments' } }],
  'a scope is of a role that is not active': [
    'invalid_client_metadata',
    { asked: { scope: 'consents' }, statement: { roles: ['OTHER'] } },
  ],
  'a webhook is not in the statement': [
    'invalid_webhook_uris',
    { asked: { webhook_uris: ['https://evil.test/webhook'] } },
  ],
  'only some webhooks are named': [
    'invalid_webhook_uris',
    { asked: { webhook_uris: [] }, statement: { webhookUris: ['https://receiver.test/webhook'] } },
  ],
};

describe('given a registration', () => {
  for (const [what, [error, failing]] of Object.entries(REFUSED))
    it(`when ${what}, then it is refused with ${error}`, async () => {
      const verdict = await judge(failing);
      assert.ok(!verdict.isAccepted);
      assert.equal(verdict.refusal.error, error);
    });

  it('when several checks fail, then the first one answers', async () => {
    const order: readonly Case[] = [
      { asked: { software_statement: 'forged' } },
      { statement: { isApproved: false } },
      { asked: { jwks: {} } },
      { asked: { redirect_uris: [] } },
      { asked: { subject_type: 'pairwise' } },
      { asked: { webhook_uris: ['https://evil.test'] } },
    ];
    const answered = [];
    for (const at of order.keys()) {
      const rest = order.slice(at);
      const verdict = await judge({
        asked: Object.assign({}, ...rest.map(({ asked }) => asked)),
        statement: Object.assign({}, ...rest.map(({ statement }) => statement)),
      });
      answered.push(verdict.isAccepted ? 'accepted' : verdict.refusal.error);
    }
    assert.deepEqual(answered, [
      'invalid_software_statement',
      'unapproved_software_statement',
      'invalid_client_metadata',
      'invalid_redirect_uri',
      'invalid_client_metadata',
      'invalid_webhook_uris',
    ]);
  });

  it('when it says only what it must, then the rest is filled in from the profile and the statement', async () => {
    const verdict = await judge({});
    assert.ok(verdict.isAccepted);
    assert.deepEqual(verdict.metadata, {
      redirect_uris: ['https://receiver.test/one'],
      software_statement: 'jws',
      software_id: 'software',
      org_id: 'organisation',
      org_name: 'Organização',
      client_name: 'Receptora',
      logo_uri: 'https://receiver.test/logo.svg',
      jwks_uri: STATEMENT.jwksUri,
      scope: 'openid consents resources customers',
      application_type: 'web',
      response_types: ['code id_token'],
      grant_types: ['authorization_code', 'implicit', 'refresh_token', 'client_credentials'],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'PS256',
      request_object_signing_alg: 'PS256',
      id_token_signed_response_alg: 'PS256',
      id_token_encrypted_response_alg: 'RSA-OAEP',
      id_token_encrypted_response_enc: 'A256GCM',
      subject_type: 'public',
      require_pushed_authorization_requests: true,
      tls_client_certificate_bound_access_tokens: true,
    });
  });

  it('when it contradicts the statement, then the statement wins', async () => {
    const verdict = await judge({
      asked: {
        client_name: 'Banco Alheio',
        logo_uri: 'https://evil.test/logo.svg',
        tos_uri: 'https://evil.test/tos',
        software_id: 'other',
        org_id: 'other',
      },
    });
    assert.ok(verdict.isAccepted);
    const { client_name, logo_uri, tos_uri, software_id, org_id } = verdict.metadata;
    assert.deepEqual(
      { client_name, logo_uri, tos_uri, software_id, org_id },
      {
        client_name: 'Receptora',
        logo_uri: 'https://receiver.test/logo.svg',
        tos_uri: undefined,
        software_id: 'software',
        org_id: 'organisation',
      },
    );
  });

  it('when it asks for fewer scopes, then it gets those and no more', async () => {
    const verdict = await judge({ asked: { scope: 'resources  openid unpublished' } });
    assert.ok(verdict.isAccepted);
    assert.equal(verdict.metadata.scope, 'openid resources');
  });

  it('when it names all webhooks of the statement, then they are registered', async () => {
    const verdict = await judge({ asked: { webhook_uris: ['https://receiver.test/webhook'] } });
    assert.ok(verdict.isAccepted);
    assert.deepEqual(verdict.metadata.webhook_uris, ['https://receiver.test/webhook']);
  });

  it('when a role is called like a member of every object, then it entitles to nothing', async () => {
    const verdict = await judge({
      asked: { scope: 'openid' },
      statement: { roles: ['constructor', '__proto__'] },
    });
    assert.ok(!verdict.isAccepted);
  });
});
