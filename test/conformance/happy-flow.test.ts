import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, it } from 'node:test';
import { ownToken } from '../../src/receiver/connect-holder.ts';
import {
  approve,
  callApi,
  halfHash,
  openIdToken,
  pushRequest,
  redeem,
  requestUriOf,
  type TestReceiver,
  tokenRequest,
} from '../support/conformance.ts';
import { conformancePlan, type Parties } from '../support/conformance-plan.ts';
import { exchangeTls, type TlsAnswer } from '../support/exchange-tls.ts';
import type { Json } from '../support/send-request.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** By which a signature would bring its own key. */
const KEY_HEADERS = ['x5u', 'x5c', 'jku', 'jwk'];

/** What every institution of Open Finance publishes, whatever it sells. */
const CREDIT_AND_INVESTMENT_SCOPES = [
  'invoice-financings',
  'financings',
  'loans',
  'unarranged-accounts-overdraft',
  'bank-fixed-incomes',
  'credit-fixed-incomes',
  'variable-incomes',
  'treasure-titles',
  'funds',
  'exchanges',
];

/** What the certification asks consent for. */
const OPEN_FINANCE_PERMISSIONS = [
  'CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ',
  'CUSTOMERS_PERSONAL_ADITTIONALINFO_READ',
  'ACCOUNTS_READ',
  'ACCOUNTS_BALANCES_READ',
  'ACCOUNTS_TRANSACTIONS_READ',
  'ACCOUNTS_OVERDRAFT_LIMITS_READ',
  'CREDIT_CARDS_ACCOUNTS_READ',
  'CREDIT_CARDS_ACCOUNTS_LIMITS_READ',
  'CREDIT_CARDS_ACCOUNTS_TRANSACTIONS_READ',
  'CREDIT_CARDS_ACCOUNTS_BILLS_READ',
  'CREDIT_CARDS_ACCOUNTS_BILLS_TRANSACTIONS_READ',
  ...['LOANS', 'FINANCINGS', 'UNARRANGED_ACCOUNTS_OVERDRAFT', 'INVOICE_FINANCINGS'].flatMap((product) =>
    ['READ', 'WARRANTIES_READ', 'SCHEDULED_INSTALMENTS_READ', 'PAYMENTS_READ'].map(
      (part) => `${product}_${part}`,
    ),
  ),
  'RESOURCES_READ',
];

const OPEN_INSURANCE_PERMISSIONS = [
  'CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ',
  'CUSTOMERS_PERSONAL_QUALIFICATION_READ',
  'CUSTOMERS_PERSONAL_ADDITIONALINFO_READ',
  'RESOURCES_READ',
];

const describeModule = conformancePlan();

describeModule('fapi1-advanced-final-discovery-end-point-verification', (at) => {
  let metadata: Json;
  before(async () => {
    const answer = await exchangeTls(at.running.institution(at.ecosystem).discoveryUrl);
    assert.equal(answer.status, 200);
    assert.match(String(answer.headers['content-type']), /^application\/json/);
    metadata = answer.json();
  });

  it('when the document is read, then it names its own issuer, the one that directory and tokens name', () => {
    assert.equal(metadata.issuer, at.running.institution(at.ecosystem).issuer);
    assert.equal(
      `${metadata.issuer}/.well-known/openid-configuration`,
      at.running.institution(at.ecosystem).discoveryUrl,
    );
  });

  const exactly: Readonly<Record<string, unknown>> = {
    response_types_supported: ['code id_token'],
    response_modes_supported: ['fragment'],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['PS256'],
    id_token_signing_alg_values_supported: ['PS256'],
    id_token_encryption_alg_values_supported: ['RSA-OAEP'],
    id_token_encryption_enc_values_supported: ['A256GCM'],
    request_object_signing_alg_values_supported: ['PS256'],
    request_object_encryption_alg_values_supported: ['RSA-OAEP'],
    request_object_encryption_enc_values_supported: ['A256GCM'],
    code_challenge_methods_supported: ['S256'],
    require_pushed_authorization_requests: true,
    claims_parameter_supported: true,
    request_parameter_supported: true,
    tls_client_certificate_bound_access_tokens: true,
  };
  for (const [name, value] of Object.entries(exactly))
    it(`when ${name} is read, then it is ${JSON.stringify(value)} and nothing more`, () => {
      assert.deepEqual(metadata[name], value);
    });

  it('when lists that may hold more are read, then they hold what the profile asks for', () => {
    const brand = brandOf(at);
    const products = at.ecosystem === 'open-finance' ? CREDIT_AND_INVESTMENT_SCOPES : ['insurance-auto'];
    const needed: Readonly<Record<string, readonly string[]>> = {
      grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
      subject_types_supported: ['public'],
      claims_supported: ['acr'],
      acr_values_supported: [`urn:brasil:${brand}:loa2`, `urn:brasil:${brand}:loa3`],
      scopes_supported: ['openid', 'consents', 'resources', 'customers', ...products],
    };
    for (const [name, values] of Object.entries(needed))
      assert.deepEqual(
        values.filter((value) => !metadata[name].includes(value)),
        [],
        name,
      );
  });

  it('when endpoints are read, then all that are needed are there, over TLS', () => {
    for (const name of [
      'authorization_endpoint',
      'token_endpoint',
      'userinfo_endpoint',
      'pushed_authorization_request_endpoint',
      'registration_endpoint',
      'jwks_uri',
    ])
      assert.equal(new URL(metadata[name]).protocol, 'https:', name);
  });

  it('when aliases are read, then each is an endpoint that also has a name of its own, on the other listener', () => {
    const aliases: Record<string, string> = metadata.mtls_endpoint_aliases;
    for (const [name, url] of Object.entries(aliases)) {
      assert.match(name, /_endpoint$/);
      assert.equal(typeof metadata[name], 'string', name);
      assert.ok(url.startsWith(`${at.running.institution(at.ecosystem).mtlsBase}/`), url);
    }
    const missing = [
      'token_endpoint',
      'pushed_authorization_request_endpoint',
      'registration_endpoint',
      'userinfo_endpoint',
      'revocation_endpoint',
      'introspection_endpoint',
    ].filter((name) => !Object.hasOwn(aliases, name));
    assert.deepEqual(missing, []);
    assert.equal(aliases.authorization_endpoint, undefined);
  });

  it('when the key set is read, then it holds a PS256 key with an id, and nothing private', async () => {
    const { keys } = (await exchangeTls(metadata.jwks_uri)).json();
    const signing = keys.filter(({ use }: { use: string }) => use === 'sig');
    assert.ok(signing.length > 0);
    for (const key of signing)
      assert.deepEqual([key.kty, key.alg, typeof key.kid], ['RSA', 'PS256', 'string']);
    assert.equal(new Set(keys.map(({ kid }: { kid: string }) => kid)).size, keys.length);
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi'])
      assert.ok(
        keys.every((key: object) => !Object.hasOwn(key, member)),
        member,
      );
  });
});

describeModule('fapi1-advanced-final', (at) => {
  /** One receiver's way, with what was answered at each step. */
  interface HappyFlow {
    readonly receiver: TestReceiver;
    readonly own: TlsAnswer;
    readonly created: TlsAnswer;
    readonly createdWith: string | undefined;
    readonly pushed: TlsAnswer;
    readonly asked: Readonly<Record<string, unknown>>;
    readonly response: Readonly<Partial<Record<string, string>>>;
    readonly tokens: TlsAnswer;
  }
  let flows: readonly [HappyFlow, HappyFlow];

  const createConsent = (receiver: TestReceiver, token: string, interactionId: string | undefined) =>
    exchangeTls(at.running.institution(at.ecosystem).consentsUrl, {
      method: 'POST',
      identity: receiver.identity,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'content-type': 'application/json; charset=utf-8',
        ...(interactionId === undefined ? {} : { 'x-fapi-interaction-id': interactionId }),
        ...(at.ecosystem === 'open-insurance' ? { 'x-idempotency-key': randomUUID() } : {}),
      },
      body: JSON.stringify({
        data: {
          ...at.running.consentRequest(at.ecosystem),
          permissions: certificationPermissions(at),
        },
      }),
    });

  async function run(receiver: TestReceiver, createdWith: string | undefined): Promise<HappyFlow> {
    const own = await tokenRequest(receiver, { grant_type: 'client_credentials', scope: 'consents' });
    const created = await createConsent(receiver, own.json().access_token, createdWith);
    assert.equal(created.status, 201, created.text);
    const { consentId } = created.json().data;
    const pushed = await pushRequest(receiver, consentId, {
      claims: { scope: `openid consents resources consent:${consentId}` },
    });
    const response = await approve(at.running, receiver, pushed.url());
    const tokens = await redeem(receiver, String(response.code));
    return {
      receiver,
      own,
      created,
      createdWith,
      pushed: pushed.answer,
      asked: pushed.claims,
      response,
      tokens,
    };
  }

  const consentIdOf = ({ created }: HappyFlow): string => created.json().data.consentId;
  const accessTokenOf = ({ tokens }: HappyFlow): string => tokens.json().access_token;

  before(async () => {
    // The second receiver of Open Insurance sends no interaction id when it asks for a consent.
    const without = at.ecosystem === 'open-insurance' ? undefined : randomUUID();
    flows = [await run(at.first, randomUUID()), await run(at.second, without)];
  });

  it('when each asks for a token of its own, then it is for the consents API and lives as long as it may', () => {
    for (const { own } of flows) {
      assert.equal(own.status, 200, own.text);
      assert.equal(own.json().scope, 'consents');
      assertLifetime(own);
      assert.equal(own.json().refresh_token, undefined);
    }
  });

  it('when each asks for a consent, then it gets one with permissions among those asked for, and its interaction id', () => {
    for (const { created, createdWith } of flows) {
      const { data } = created.json();
      assert.match(data.consentId, /^urn:[a-zA-Z0-9][a-zA-Z0-9-]{0,31}:[a-zA-Z0-9()+,\-.:=@;$_!*'%/?#]+$/);
      assert.equal(data.status, 'AWAITING_AUTHORISATION');
      assert.ok(data.permissions.length > 0);
      const asked: readonly string[] = certificationPermissions(at);
      assert.deepEqual(
        data.permissions.filter((name: string) => !asked.includes(name)),
        [],
      );
      const echoed = String(created.headers['x-fapi-interaction-id']);
      assert.match(echoed, UUID);
      if (createdWith !== undefined) assert.equal(echoed, createdWith);
    }
  });

  if (at.ecosystem === 'open-finance')
    it('when a consent is asked for without an interaction id, then it is refused with one that was made up', async () => {
      const answer = await createConsent(at.first, await ownToken(at.first.connection), undefined);
      assert.equal(answer.status, 400, answer.text);
      assert.match(String(answer.headers['x-fapi-interaction-id']), UUID);
    });

  it('when each pushes its request, then the address cannot be guessed and lasts a minute', () => {
    const addresses = flows.map(({ pushed }) => requestUriOf(pushed));
    for (const [index, address] of addresses.entries()) {
      const random = /^urn:ietf:params:oauth:request_uri:([\w-]+)$/.exec(address)?.[1] ?? '';
      assert.ok(entropyOf(random) >= 96, address);
      assert.ok(flows[index]?.pushed.json().expires_in >= 60);
    }
    assert.notEqual(addresses[0], addresses[1]);
  });

  it('when the customer approves, then code, ID token and state come in the fragment, and nothing else', () => {
    for (const { response, asked } of flows) {
      assert.deepEqual(Object.keys(response).sort(), ['code', 'id_token', 'state']);
      assert.equal(response.state, asked.state);
      assert.ok(entropyOf(String(response.code)) >= 96, response.code);
    }
  });

  it('when ID tokens arrive, then each is encrypted to the receiver’s published key and signed with one of ours', async () => {
    for (const { receiver, response, tokens } of flows)
      for (const token of [String(response.id_token), tokens.json().id_token]) {
        const { envelope, header } = await openIdToken(receiver, token);
        const { alg, enc, cty, kid } = envelope;
        assert.deepEqual(
          { alg, enc, cty, kid },
          { alg: 'RSA-OAEP', enc: 'A256GCM', cty: 'JWT', kid: receiver.keys.encryption.kid },
        );
        assert.equal(header.alg, 'PS256');
        assert.equal(typeof header.kid, 'string');
        for (const name of KEY_HEADERS) assert.equal(name in envelope || name in header, false, name);
      }
  });

  it('when the first ID token is opened, then it is bound to code, state and nonce', async () => {
    for (const { receiver, response, asked } of flows) {
      const { claims } = await openIdToken(receiver, String(response.id_token));
      assert.equal(claims.nonce, asked.nonce);
      assert.equal(claims.c_hash, halfHash(String(response.code)));
      assert.equal(claims.s_hash, halfHash(String(response.state)));
      assert.equal(claims.aud, receiver.clientId);
      const now = Date.now() / 1000;
      assert.ok(Math.abs(Number(claims.iat) - now) < 60, 'issued now');
      assert.ok(Number(claims.exp) > now && Number(claims.exp) <= now + 3600, 'ends within the hour');
    }
  });

  it('when both ID tokens are compared, then they are about the same customer, who logged in with what is claimed', async () => {
    for (const { receiver, response, tokens, asked } of flows) {
      const front = (await openIdToken(receiver, String(response.id_token))).claims;
      const back = (await openIdToken(receiver, tokens.json().id_token)).claims;
      assert.ok(String(front.sub).length > 0);
      assert.deepEqual([back.iss, back.sub, back.nonce], [front.iss, front.sub, asked.nonce]);
      for (const { acr } of [front, back]) assert.equal(acr, `urn:brasil:${brandOf(at)}:loa2`);
    }
  });

  it('when each redeems its code, then it gets tokens of the consent that nobody keeps', () => {
    for (const flow of flows) {
      const { tokens } = flow;
      assert.equal(tokens.status, 200, tokens.text);
      const { token_type, scope, access_token, refresh_token } = tokens.json();
      assert.match(token_type, /^bearer$/i);
      assert.match(String(tokens.headers['cache-control']), /no-store/);
      for (const granted of ['openid', 'resources', `consent:${consentIdOf(flow)}`])
        assert.ok(scope.split(' ').includes(granted), scope);
      assertLifetime(tokens);
      for (const token of [access_token, refresh_token]) assert.ok(entropyOf(token) >= 128, token);
    }
    const [one, two] = flows.map(accessTokenOf);
    assert.notEqual(one, two);
  });

  it('when the consents are asked about, then they are authorised', async () => {
    for (const flow of flows) {
      const url = `${at.running.institution(at.ecosystem).consentsUrl}/${consentIdOf(flow)}`;
      const answer = await callApi(flow.receiver, url, { token: flow.own.json().access_token });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.json().data.status, 'AUTHORISED');
    }
  });

  it('when each reads with its token, then it is answered with JSON, a date, and its interaction id', async () => {
    for (const flow of flows) {
      const id = randomUUID();
      const answer = await callApi(flow.receiver, resourcesUrlOf(at), {
        token: accessTokenOf(flow),
        headers: { 'x-fapi-interaction-id': id },
      });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.headers['x-fapi-interaction-id'], id);
      assert.match(String(answer.headers['content-type']), /^application\/json/);
      assert.ok(Math.abs(Date.parse(String(answer.headers.date)) - Date.now()) < 60_000);
      assert.ok(Array.isArray(answer.json().data));
    }
  });

  it('when it says what it knows of the customer in headers, then it is answered all the same', async () => {
    const [flow] = flows;
    const answer = await callApi(flow.receiver, resourcesUrlOf(at), {
      token: accessTokenOf(flow),
      headers: {
        'x-fapi-auth-date': new Date().toUTCString(),
        'x-fapi-customer-ip-address': '198.51.100.119',
        'x-customer-user-agent': 'conformance',
        accept: 'application/json;charset=UTF-8',
      },
    });
    assert.equal(answer.status, 200, answer.text);
  });

  it('when it asks who the customer is, then it is told no more than the ID token said', async () => {
    for (const { receiver, response, tokens } of flows) {
      const { claims } = await openIdToken(receiver, String(response.id_token));
      const answer = await callApi(receiver, receiver.endpoints.userinfo, {
        token: tokens.json().access_token,
      });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(answer.json(), { sub: claims.sub });
    }
  });

  it('when one receiver presents the other’s token over its own connection, then it is refused', async () => {
    const [one, two] = flows;
    for (const [thief, owner] of [
      [one, two],
      [two, one],
    ] as const) {
      const token = accessTokenOf(owner);
      for (const url of [resourcesUrlOf(at), owner.receiver.endpoints.userinfo])
        assert.equal((await callApi(thief.receiver, url, { token })).status, 401, url);
    }
  });

  it('when the token comes in the query, then it does not count', async () => {
    for (const flow of flows) {
      const url = `${resourcesUrlOf(at)}?access_token=${encodeURIComponent(accessTokenOf(flow))}`;
      const answer = await callApi(flow.receiver, url);
      assert.equal(answer.status, 401, answer.text);
      assert.equal(answer.json().data, undefined);
    }
  });
});

function certificationPermissions({ ecosystem }: Parties): readonly string[] {
  return ecosystem === 'open-finance' ? OPEN_FINANCE_PERMISSIONS : OPEN_INSURANCE_PERMISSIONS;
}

/** How an ecosystem is called in its context classes. */
function brandOf({ ecosystem }: Parties): string {
  return ecosystem === 'open-finance' ? 'openbanking' : 'openinsurance';
}

function resourcesUrlOf({ running, ecosystem }: Parties): string {
  return running.institution(ecosystem).resourcesUrl;
}

/** Access tokens live between five and fifteen minutes. */
function assertLifetime(answer: TlsAnswer): void {
  const { expires_in } = answer.json();
  assert.ok(expires_in >= 300 && expires_in <= 900, `${expires_in} s`);
}

/** Bits in the letters of a text, as Shannon counts them: the measure of the certification. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  const perLetter = [...counts.values()].reduce(
    (sum, count) => sum - (count / text.length) * Math.log2(count / text.length),
    0,
  );
  return perLetter * text.length;
}
