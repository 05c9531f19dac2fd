import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { compactVerify, decodeJwt, importJWK } from 'jose';
import type { Answer, Call } from '../../src/contract/call.ts';
import type { Operation } from '../../src/contract/operation.ts';
import type { ClientCertificate } from '../../src/kernel/client-certificate.ts';
import {
  AUTHORITY,
  BANK,
  BANK_DOMAIN,
  BANK_SOFTWARE,
  CONTACT_MEMBERS,
  certificateRequest,
  createSandboxDirectory,
  directoryOperations,
  INSURER,
  INSURER_SOFTWARE,
  ORGANISATION_MEMBERS,
  presentedBy,
  type SandboxDirectory,
  SERVER,
  SERVER_MEMBERS,
  SOFTWARE_MEMBERS,
  subscriberKeys,
} from '../support/sandbox-directory.ts';
import { schemaValidator } from '../support/schema-validator.ts';
import type { Json } from '../support/send-request.ts';

const SUPER = 'super-user';
const ADMIN = 'organisation-administrator';
const ORGANISATION = '/organisations/{OrganisationId}';
const SERVERS = `${ORGANISATION}/authorisationservers`;
const RESOURCES = `${SERVERS}/{AuthorisationServerId}/apiresources`;
const ENDPOINTS = `${RESOURCES}/{ApiResourceId}/apidiscoveryendpoints`;
const CLAIMS = `${ORGANISATION}/authorityclaims`;
const DOMAIN_CLAIMS = `${ORGANISATION}/authoritydomainclaims`;
const CONTACTS = `${ORGANISATION}/contacts`;
const SOFTWARE = `${ORGANISATION}/softwarestatements`;
const ONE_SOFTWARE = `${SOFTWARE}/{SoftwareStatementId}`;
const SOFTWARE_CLAIMS = `${ONE_SOFTWARE}/authorityclaims`;
const USERS = `${ORGANISATION}/{AuthorisationDomainName}/users`;
const ADMINS = `${ORGANISATION}/adminusers`;
const TERMS = '/references/termsandconditions';
const SIGNING = `${ORGANISATION}/termsandconditions`;

let sandbox: SandboxDirectory;

beforeEach(async () => {
  sandbox = createSandboxDirectory();
  await sandbox.seed();
});

type Who = Parameters<SandboxDirectory['ask']>[0];

/** Asks by the template of an operation with its parameters filled in, in order. */
async function ask(who: Who, key: string, ids: readonly string[] = [], body?: unknown, query = '') {
  const [method, template = ''] = key.split(' ');
  let index = 0;
  const path = template.replace(/\{[^}]*\}/g, () => encodeURIComponent(ids[index++] as string));
  return outcomeOf(await sandbox.ask(who, `${method} ${template}`, `${path}${query}`, body));
}

interface Outcome {
  readonly status: number;
  readonly body: Json;
}

function outcomeOf(answer: Answer): Outcome {
  if (answer.kind === 'json') return { status: answer.status, body: answer.body };
  if (answer.kind === 'problem') return { status: answer.problem.status, body: answer.problem.detail };
  return { status: answer.kind === 'empty' ? 204 : 200, body: undefined };
}

async function made(who: Who, key: string, ids: readonly string[], body: unknown): Promise<Json> {
  const outcome = await ask(who, key, ids, body);
  assert.equal(outcome.status, 201, `${key}: ${JSON.stringify(outcome.body)}`);
  return outcome.body;
}

async function participants(): Promise<Json[]> {
  const operation = directoryOperations.find(({ kind }) => kind === 'participants') as Operation;
  const answer = await sandbox.directory.readParticipants({ operation } as Call);
  assert.ok(answer?.kind === 'content');
  return JSON.parse((await answer.content.body('identity')).toString());
}

describe('given everything that the directory holds', () => {
  let path: Record<string, string>;
  let complete: SandboxDirectory;

  before(async () => {
    complete = createSandboxDirectory();
    await complete.seed();
    sandbox = complete;
    const { records } = complete.directory;
    const operator = { isSuperUser: true };
    const create = async (kind: string, parents: string[], body: object) => {
      const kept = await records.create(kind, parents, body as never, operator);
      assert.ok(kept.isKept, JSON.stringify(kept));
      return kept.record.id;
    };
    const metadata = { Type: 'scope', Name: 'accounts' };
    const first = async (kind: string, parents: string[]) =>
      (await records.list(kind, parents))?.[0]?.id ?? '';
    const claim = await first('authority-claim', [BANK]);
    const resource = await first('api-resource', [BANK, SERVER]);
    const softwareKey = await complete.certify(BANK, BANK_SOFTWARE);
    await create('software-metadata', [BANK, BANK_SOFTWARE], metadata);
    const organisationKey = await ask(
      SUPER,
      `POST ${ORGANISATION}/certificates/{OrganisationCertificateType}`,
      [BANK, 'brseal'],
      await certificateRequest(),
    );
    const envelope = await made(ADMIN, `POST ${SIGNING}`, [BANK], { TnCId: 2 });
    path = {
      OrganisationId: BANK,
      AuthorisationServerId: SERVER,
      ApiResourceId: resource,
      ApiDiscoveryEndpointId: await first('api-discovery-endpoint', [BANK, SERVER, resource]),
      AuthorisationServerCertificationId: await first('server-certification', [BANK, SERVER]),
      OrganisationAuthorityClaimId: claim,
      OrganisationAuthorisationId: await first('claim-authorisation', [BANK, claim]),
      OrganisationAuthorityDomainClaimId: await first('authority-domain-claim', [BANK]),
      ContactId: await first('contact', [BANK]),
      SoftwareStatementId: BANK_SOFTWARE,
      SoftwareAuthorityClaimId: await first('software-claim', [BANK, BANK_SOFTWARE]),
      SoftwareStatementCertificationId: await create('software-certification', [BANK, BANK_SOFTWARE], {
        ProfileVariant: 'any',
        ProfileVersion: 1,
        Status: 'Certified',
      }),
      SoftwareStatementCertificateOrKeyType: 'brcac',
      OrganisationCertificateType: 'brseal',
      AuthorisationDomainName: BANK_DOMAIN,
      UserEmailId: 'tecnica@example.com',
      AuthorisationDomainUserId: await first('domain-user', [BANK, BANK_DOMAIN]),
      AuthorisationDomainRoleName: 'DADOS',
      MetadataId: await create('role-metadata', ['DADOS'], metadata),
      AuthorityId: AUTHORITY,
      AuthorityAuthorisationDomainId: await first('authority-domain', [AUTHORITY]),
      TnCId: '1',
      ExternalSigningServiceEnvelopeId: envelope.TermsAndConditionsDetail.ExternalSigningServiceEnvelopeId,
      softwareKid: softwareKey.thumbprint,
      organisationKid: organisationKey.body.kid,
    };
  });

  for (const operation of directoryOperations.filter(
    ({ kind, method }) => kind === 'directory' && method === 'GET',
  ))
    it(`when it is asked for ${operation.path}, then the answer is as its contract says`, async () => {
      sandbox = complete;
      const ids = [...operation.path.matchAll(/\{([^}]*)\}/g)].map(([, name = '']) => {
        if (name !== 'CertificateOrKeyId') return path[name] as string;
        return (operation.path.includes('software') ? path.softwareKid : path.organisationKid) as string;
      });
      const { status, body } = await ask(SUPER, operation.key, ids);
      assert.equal(status, 200, JSON.stringify(body));
      const validate = schemaValidator(operation.answer.schema());
      assert.ok(validate(body), JSON.stringify(validate.errors));
      // An empty answer would fit any schema of a list.
      const records = Array.isArray(body) ? body : (body as Json).content;
      if (records) assert.ok(records.length > 0, 'the list is empty');
    });

  it('when participants are asked for, then every member of the contract is there', async () => {
    sandbox = complete;
    const operation = directoryOperations.find(({ kind }) => kind === 'participants') as Operation;
    const document = await participants();
    const validate = schemaValidator(operation.answer.schema());
    assert.ok(validate(document), JSON.stringify(validate.errors));
    assert.equal(document.length, 2);
    const [bank] = document as [Json];
    assert.equal(bank.Contacts[0].EmailAddress, CONTACT_MEMBERS.EmailAddress);
    assert.equal(bank.OrgDomainClaims[0].AuthorityName, 'Autoridade');
    assert.deepEqual(bank.OrgDomainRoleClaims[0].Authorisations, [{ Status: 'Active', MemberState: 'BR' }]);
    const [server] = bank.AuthorisationServers;
    assert.equal(server.Issuer, 'https://127.0.0.1:8443/banco');
    assert.equal(server.AuthorisationServerCertifications[0].Status, 'Certified');
    assert.equal(server.ApiResources[0].FamilyComplete, true);
    assert.equal(
      server.ApiResources[0].ApiDiscoveryEndpoints[0].ApiEndpoint,
      'https://127.0.0.1:8444/open-banking/consents/v3/consents',
    );
  });

  it('when its operations are compared with the contract, then every one of them is served', () => {
    const served = complete.directory.operations;
    const open = directoryOperations
      .filter(({ kind }) => kind === 'directory')
      .filter(({ method, path: template }) => !served.has(`${method} ${template}`));
    assert.deepEqual(open, []);
  });
});

describe('given records that are made, changed and removed', () => {
  it('when an organisation joins with its servers, APIs and endpoints, then participants show them at once', async () => {
    const OrganisationId = '99999999-9999-4999-8999-999999999999';
    const request = { ...ORGANISATION_MEMBERS, OrganisationId, RegistrationNumber: '00000000000191' };
    await made(SUPER, 'POST /organisations', [], request);
    const server = await made(SUPER, `POST ${SERVERS}`, [OrganisationId], SERVER_MEMBERS);
    const ids = [OrganisationId, server.AuthorisationServerId];
    const resource = await made(SUPER, `POST ${RESOURCES}`, ids, {
      ApiFamilyType: 'accounts',
      ApiVersion: '2.4.2',
      ApiEndpoint: 'https://example.com/accounts',
    });
    assert.equal(resource.CertificationStatus, 'Awaiting Certification');
    assert.equal(resource.ApiDiscoveryEndpoints[0].ApiEndpoint, 'https://example.com/accounts');
    await made(SUPER, `POST ${ENDPOINTS}`, [...ids, resource.ApiResourceId], {
      ApiEndpoint: 'https://example.com/accounts/balances',
    });
    const shown = (await participants()).find((one) => one.OrganisationId === OrganisationId);
    assert.equal(shown.AuthorisationServers[0].ApiResources[0].ApiDiscoveryEndpoints.length, 2);

    const item = `${SERVERS}/{AuthorisationServerId}`;
    assert.equal((await ask(SUPER, `DELETE ${item}`, ids)).status, 204);
    assert.equal((await ask(SUPER, `GET ${RESOURCES}`, ids)).status, 404);
    const gone = (await participants()).find((one) => one.OrganisationId === OrganisationId);
    assert.deepEqual(gone.AuthorisationServers, []);
    assert.deepEqual(
      await sandbox.store.list({ kinds: ['api-discovery-endpoint'], under: [OrganisationId] }),
      [],
    );
  });

  it('when an update leaves members out, then they go, but for those that the directory itself gave', async () => {
    const contact = await made(ADMIN, `POST ${CONTACTS}`, [BANK], CONTACT_MEMBERS);
    const { FirstName: _, ...members } = CONTACT_MEMBERS;
    const changed = await ask(ADMIN, `PUT ${CONTACTS}/{ContactId}`, [BANK, contact.ContactId], members);
    assert.deepEqual(changed.body, { ...members, ContactId: contact.ContactId, OrganisationId: BANK });
  });

  it('when a request names members that are not its own, then they change nothing', async () => {
    const software = await made(ADMIN, `POST ${SOFTWARE}`, [BANK], {
      ...SOFTWARE_MEMBERS,
      OrganisationId: INSURER,
      SoftwareStatementId: 'mine',
      ClientId: 'mine',
      RtsClientCreated: true,
      Locked: true,
    });
    assert.equal(software.OrganisationId, BANK);
    assert.notEqual(software.SoftwareStatementId, 'mine');
    assert.equal(software.ClientId, undefined);
    assert.equal(software.RtsClientCreated, false);
    assert.equal(software.Locked, false);
  });

  it('when a parent is not there, then neither is anything below it', async () => {
    const nowhere = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
    assert.equal((await ask(SUPER, `GET ${CONTACTS}`, [nowhere])).status, 404);
    assert.equal((await ask(SUPER, `POST ${CONTACTS}`, [nowhere], CONTACT_MEMBERS)).status, 404);
    assert.equal((await ask(SUPER, `GET ${RESOURCES}`, [INSURER, SERVER])).status, 404);
    assert.equal((await ask(SUPER, `GET ${SERVERS}/{AuthorisationServerId}`, [INSURER, SERVER])).status, 404);
    assert.equal((await ask(SUPER, `DELETE ${CONTACTS}/{ContactId}`, [BANK, nowhere])).status, 404);
  });

  it('when what must be unique is there already, then the answer is 409', async () => {
    const OrganisationId = '99999999-9999-4999-8999-999999999999';
    const twin = { ...ORGANISATION_MEMBERS, OrganisationId };
    const again = { ...twin, OrganisationId: BANK, RegistrationNumber: '00000000000191' };
    const domain = { AuthorisationDomainName: BANK_DOMAIN, AuthorisationDomainRegion: 'BR' };
    assert.equal((await ask(SUPER, 'POST /organisations', [], twin)).status, 409);
    assert.equal((await ask(SUPER, 'POST /organisations', [], again)).status, 409);
    assert.equal((await ask(SUPER, 'POST /references/authorisationdomains', [], domain)).status, 409);
    const name = { FirstName: 'Ana', LastName: 'Reis' };
    const user = { ...name, UserEmail: 'ADMIN@example.com', TermsAndConditionsId: 1 };
    assert.equal((await ask(SUPER, 'POST /users', [], user)).status, 409);
  });

  it('when a body breaks the contract or a rule beyond it, then the answer is 400', async () => {
    const OrganisationId = '99999999-9999-4999-8999-999999999999';
    const organisation = { ...ORGANISATION_MEMBERS, OrganisationId };
    const claim = { AuthorityId: AUTHORITY, AuthorisationDomain: BANK_DOMAIN, Role: 'DESCONHECIDO' };
    const cases: [string, string[], object][] = [
      ['POST /organisations', [], { ...organisation, RegistrationNumber: '11222333000182' }],
      ['POST /organisations', [], { ...organisation, City: undefined }],
      [`POST ${CONTACTS}`, [BANK], { ...CONTACT_MEMBERS, ContactType: 'Other' }],
      [`POST ${CLAIMS}`, [BANK], { ...claim, RegistrationId: '1', Status: 'Active' }],
      [`POST ${DOMAIN_CLAIMS}`, [BANK], { AuthorityId: 'nobody', AuthorisationDomainName: BANK_DOMAIN }],
      [
        `POST ${SOFTWARE_CLAIMS}`,
        [INSURER, INSURER_SOFTWARE],
        { Status: 'Active', AuthorisationDomain: BANK_DOMAIN, Role: 'DADOS' },
      ],
      [
        `POST ${USERS}`,
        [BANK, BANK_DOMAIN],
        { Email: 'a@example.com', AuthorisationDomainRole: 'NADA', ContactRole: 'PTC', System: 'Directory' },
      ],
      [
        'POST /users',
        [],
        { FirstName: 'Ana', LastName: 'Reis', UserEmail: 'new@example.com', TermsAndConditionsId: 2 },
      ],
    ];
    for (const [key, ids, body] of cases)
      assert.equal((await ask(SUPER, key, ids, body)).status, 400, `${key} ${JSON.stringify(body)}`);
  });

  it('when many make the same record at the same time, then one of them does', async () => {
    const body = {
      Email: 'a@example.com',
      AuthorisationDomainRole: 'DADOS',
      ContactRole: 'PTC',
      System: 'Portal',
    };
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => ask(ADMIN, `POST ${USERS}`, [BANK, BANK_DOMAIN], body)),
    );
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), [201, 409, 409, 409, 409]);
  });

  it('when a role is taken from an organisation, then its software loses it, and cannot take it back', async () => {
    const [claim] = (await ask(SUPER, `GET ${CLAIMS}`, [BANK])).body;
    const item = `${CLAIMS}/{OrganisationAuthorityClaimId}`;
    assert.equal(
      (await ask(SUPER, `DELETE ${item}`, [BANK, claim.OrganisationAuthorityClaimId])).status,
      204,
    );
    const [lost] = (await ask(SUPER, `GET ${SOFTWARE_CLAIMS}`, [BANK, BANK_SOFTWARE])).body;
    assert.equal(lost.Status, 'Inactive');
    const path = [BANK, BANK_SOFTWARE, lost.SoftwareAuthorityClaimId];
    const back = { Status: 'Active' };
    const key = `PUT ${SOFTWARE_CLAIMS}/{SoftwareAuthorityClaimId}`;
    assert.equal((await ask(SUPER, key, path, back)).status, 400);
  });

  it('when reference data is removed, then it is inactive and nothing new refers to it', async () => {
    const item = '/references/authorisationdomains/{AuthorisationDomainName}';
    assert.equal((await ask(SUPER, `DELETE ${item}`, [BANK_DOMAIN])).status, 204);
    assert.equal((await ask(SUPER, `GET ${item}`, [BANK_DOMAIN])).body.Status, 'Inactive');
    const role = { AuthorisationDomainName: BANK_DOMAIN, AuthorisationDomainRoleName: 'NOVO' };
    assert.equal((await ask(SUPER, 'POST /references/authorisationdomainroles', [], role)).status, 400);
  });

  it('when pages, sorting and filters are asked for, then lists follow them', async () => {
    const list = async (query: string, who: Who = SUPER) => {
      const { status, body } = await ask(who, 'GET /organisations', [], undefined, query);
      return status === 200 ? body.content.map((one: Json) => one.OrganisationId) : status;
    };
    assert.deepEqual(await list('?sort=OrganisationName,desc'), [INSURER, BANK]);
    assert.deepEqual(await list('?size=1&page=1'), [INSURER]);
    assert.deepEqual(await list('?filterBy=seguradora'), [INSURER]);
    assert.deepEqual(await list('?displayMine=admin@example.com'), [BANK]);
    assert.deepEqual(await list('?displayMine=admin@example.com', ADMIN), [BANK]);
    assert.equal(await list('?displayMine=tecnica@example.com', ADMIN), 403);
    await ask(SUPER, `PUT ${ORGANISATION}`, [INSURER], {
      ...ORGANISATION_MEMBERS,
      RegistrationNumber: '12ABC34501DE35',
      Status: 'Withdrawn',
    });
    assert.deepEqual(await list('?hideInactive=true'), [BANK]);
    assert.equal(await list('?page=-1'), 400);
  });
});

describe('given callers in their roles', () => {
  it('when nobody says who calls, then the answer is 401', async () => {
    assert.equal((await ask(undefined, `GET ${ORGANISATION}`, [BANK])).status, 401);
  });

  it('when an administrator acts for another organisation, then the answer is 403', async () => {
    assert.equal((await ask(ADMIN, `POST ${CONTACTS}`, [INSURER], CONTACT_MEMBERS)).status, 403);
    assert.equal((await ask(ADMIN, `GET ${CONTACTS}`, [INSURER])).status, 403);
    assert.equal((await ask(ADMIN, 'GET /users/{UserEmailId}', ['operador@example.com'])).status, 403);
    assert.equal((await ask(ADMIN, 'GET /users/{UserEmailId}', ['ADMIN@example.com'])).status, 200);
  });

  it('when an administrator changes its own standing, then the answer is 403, and its address it may change', async () => {
    const change = (members: object) =>
      ask(ADMIN, `PUT ${ORGANISATION}`, [BANK], { ...ORGANISATION_MEMBERS, ...members });
    assert.equal((await change({ Status: 'Withdrawn' })).status, 403);
    assert.equal((await change({ RegistrationNumber: '00000000000191' })).status, 403);
    assert.equal((await change({ City: 'Olinda' })).body.City, 'Olinda');
    assert.equal((await ask(ADMIN, `POST ${ADMINS}`, [BANK], { UserEmail: 'x@example.com' })).status, 403);
  });

  it('when an administrator loses the role, then its next call fails', async () => {
    assert.equal((await ask(ADMIN, `GET ${CONTACTS}`, [BANK])).status, 200);
    const item = `${ADMINS}/{UserEmailId}`;
    assert.equal((await ask(SUPER, `DELETE ${item}`, [BANK, 'admin@example.com'])).status, 204);
    assert.equal((await ask(ADMIN, `GET ${CONTACTS}`, [BANK])).status, 403);
    assert.equal((await ask(ADMIN, 'GET /references/authorities')).status, 403);
  });

  it('when the user behind a client is inactive, then the client gets no token', async () => {
    await ask(SUPER, 'PUT /users/{UserEmailId}', ['admin@example.com'], { Status: 'Inactive' });
    assert.equal((await ask(ADMIN, 'GET /references/authorities')).status, 401);
  });

  it('when contacts act, then technical ones keep machines and the others people', async () => {
    const [technical, business] = ['technical-contact', 'business-contact'];
    assert.equal((await ask(technical, `POST ${CONTACTS}`, [BANK], CONTACT_MEMBERS)).status, 403);
    assert.equal((await ask(business, `POST ${CONTACTS}`, [BANK], CONTACT_MEMBERS)).status, 201);
    assert.equal((await ask(technical, `POST ${SERVERS}`, [BANK], SERVER_MEMBERS)).status, 201);
    assert.equal((await ask(business, `POST ${SERVERS}`, [BANK], SERVER_MEMBERS)).status, 403);
  });

  it('when a contact is named for another system, then it has no right here', async () => {
    const [record] = (
      await ask(SUPER, `GET ${USERS}/{UserEmailId}`, [BANK, BANK_DOMAIN, 'tecnica@example.com'])
    ).body.content;
    const key = `PUT ${USERS}/{UserEmailId}/{AuthorisationDomainUserId}`;
    const ids = [BANK, BANK_DOMAIN, 'tecnica@example.com', record.AuthorisationDomainUserId];
    assert.equal((await ask(SUPER, key, ids, { System: 'Portal' })).body.System, 'Portal');
    assert.equal((await ask('technical-contact', `POST ${SERVERS}`, [BANK], SERVER_MEMBERS)).status, 403);
    const others = [BANK, BANK_DOMAIN, 'negocio@example.com', record.AuthorisationDomainUserId];
    assert.equal((await ask(SUPER, key, others, { System: 'Directory' })).status, 404);
  });
});

describe('given software and what the directory certifies of it', () => {
  let software: ClientCertificate;
  const CERTIFICATES = `${ONE_SOFTWARE}/certificates`;
  const TYPED = `${CERTIFICATES}/{SoftwareStatementCertificateOrKeyType}`;

  beforeEach(async () => {
    software = await sandbox.certify(BANK, BANK_SOFTWARE);
  });

  it('when a software asks for its assertion, then it is signed, fresh, and says what the directory knows', async () => {
    const key = `GET ${ONE_SOFTWARE}/assertion`;
    const { body: jws } = await ask(software, key, [BANK, BANK_SOFTWARE]);
    const claims: Json = decodeJwt(jws);
    const issuers = await Promise.all(sandbox.signers.map((signer) => signer.keySet()));
    const keys = issuers.flatMap(({ keys: some }) => some);
    const header = JSON.parse(Buffer.from(jws.split('.')[0], 'base64url').toString());
    const jwk = keys.find(({ kid }) => kid === header.kid);
    await compactVerify(jws, await importJWK(jwk as never, 'PS256'));
    assert.equal(header.alg, 'PS256');
    assert.equal(claims.software_id, BANK_SOFTWARE);
    assert.equal(claims.org_id, BANK);
    assert.equal(claims.iat, Math.floor(sandbox.clock.now() / 1000));
    assert.deepEqual(claims.software_redirect_uris, SOFTWARE_MEMBERS.RedirectUri);
    assert.deepEqual(claims.software_statement_roles, [
      { role: 'DADOS', authorisation_domain: BANK_DOMAIN, status: 'Active' },
    ]);
    assert.equal(claims.organisation_competent_authority_claims[0].authority_code, 'BCB');
  });

  it('when the assertions of two ecosystems are compared, then each has the issuer of its own', async () => {
    const issuer = async (ids: string[]) =>
      decodeJwt((await ask(SUPER, `GET ${ONE_SOFTWARE}/assertion`, ids)).body).iss;
    assert.match(String(await issuer([BANK, BANK_SOFTWARE])), /Open Banking/);
    assert.match(String(await issuer([INSURER, INSURER_SOFTWARE])), /Open Insurance/);
  });

  it('when an assertion was signed, then the statement is locked until somebody unlocks it', async () => {
    const ids = [BANK, BANK_SOFTWARE];
    const change = () => ask(ADMIN, `PUT ${ONE_SOFTWARE}`, ids, { ...SOFTWARE_MEMBERS, Version: 2 });
    assert.equal((await change()).status, 200);
    await ask(software, `GET ${ONE_SOFTWARE}/assertion`, ids);
    assert.equal((await change()).status, 400);
    const still = await ask(ADMIN, `PUT ${ONE_SOFTWARE}/unlock`, ids, { Unlock: false });
    assert.equal(still.body.Locked, true);
    assert.equal((await ask(ADMIN, `PUT ${ONE_SOFTWARE}/unlock`, ids, { Unlock: true })).body.Locked, false);
    assert.equal((await change()).status, 200);
  });

  it('when a software asks for what is not its own, then the answer is 403', async () => {
    const key = `GET ${ONE_SOFTWARE}/assertion`;
    const other = await made(ADMIN, `POST ${SOFTWARE}`, [BANK], SOFTWARE_MEMBERS);
    assert.equal((await ask(software, key, [BANK, other.SoftwareStatementId])).status, 403);
    assert.equal((await ask(software, key, [INSURER, INSURER_SOFTWARE])).status, 403);
    assert.equal((await ask(software, `GET ${SOFTWARE}`, [BANK])).status, 403);
    assert.equal(
      (await ask(software, `PUT ${ONE_SOFTWARE}`, [BANK, BANK_SOFTWARE], SOFTWARE_MEMBERS)).status,
      403,
    );
    assert.equal((await ask(software, `GET ${ORGANISATION}`, [INSURER])).status, 200);
  });

  it('when a certificate is asked for, then it names the software, its key is published, and revoking takes it back', async () => {
    const request = await certificateRequest();
    const ids = [BANK, BANK_SOFTWARE, 'brcac'];
    const record = await made(ADMIN, `POST ${TYPED}`, ids, request);
    assert.equal(record.keyType, 'brcac');
    assert.equal(record.Status, 'Active');
    const place = { owner: { organisationId: BANK, softwareId: BANK_SOFTWARE }, name: 'transport' } as const;
    const kids = async (state: 'active' | 'inactive') =>
      (await sandbox.keyStore.keySet({ ...place, state }))?.keys.map(({ kid }) => kid) ?? [];
    assert.ok((await kids('active')).includes(record.kid));

    const revoke = () =>
      ask(ADMIN, `PUT ${TYPED}/{CertificateOrKeyId}`, [...ids, record.kid], {
        RevokeReason: 'keycompromise',
      });
    assert.equal((await revoke()).status, 204);
    assert.equal((await revoke()).status, 204);
    assert.ok(!(await kids('active')).includes(record.kid));
    assert.ok((await kids('inactive')).includes(record.kid));
    const read = await ask(ADMIN, `GET ${TYPED}/{CertificateOrKeyId}`, [...ids, record.kid]);
    assert.equal(read.body.Status, 'Revoked');
    const issued = (await sandbox.authority.list({ softwareId: BANK_SOFTWARE })).at(-1);
    assert.equal(issued?.revocationReason, 'keyCompromise');
    const elsewhere = await ask(ADMIN, `GET ${TYPED}/{CertificateOrKeyId}`, [
      BANK,
      BANK_SOFTWARE,
      'enckey',
      record.kid,
    ]);
    assert.equal(elsewhere.status, 404);
  });

  it('when keys to sign and to encrypt are sent, then each is published for its use', async () => {
    const jwk = subscriberKeys.publicKey.export({ format: 'jwk' });
    const pem = subscriberKeys.publicKey.export({ type: 'spki', format: 'pem' });
    const signing = await made(ADMIN, `POST ${TYPED}`, [BANK, BANK_SOFTWARE, 'sigkey'], pem);
    const ids = [BANK, BANK_SOFTWARE, 'enckey'];
    const sealing = await made(ADMIN, `POST ${TYPED}`, ids, JSON.stringify({ ...jwk, kid: 'for-sealing' }));
    assert.equal(signing.use, 'sig');
    assert.equal(sealing.kid, 'for-sealing');
    const place = {
      owner: { organisationId: BANK, softwareId: BANK_SOFTWARE },
      name: 'application',
    } as const;
    const set = await sandbox.keyStore.keySet({ ...place, state: 'active' });
    assert.deepEqual(
      set?.keys.map(({ use }) => use),
      ['sig', 'enc'],
    );
    assert.equal((await ask(ADMIN, `POST ${TYPED}`, [BANK, BANK_SOFTWARE, 'sigkey'], pem)).status, 400);
  });

  it('when what is sent is no request and no public key, then the answer is 400', async () => {
    const { privateKey } = subscriberKeys;
    const sent = [
      'text',
      '-----BEGIN CERTIFICATE REQUEST-----\nabc\n-----END CERTIFICATE REQUEST-----',
      (await certificateRequest()).replace(/.{8}\n-----END/, 'AAAAAAAA\n-----END'),
      privateKey.export({ type: 'pkcs8', format: 'pem' }),
      JSON.stringify(privateKey.export({ format: 'jwk' })),
      JSON.stringify({ kty: 'oct', k: 'c2VjcmV0' }),
      '{}',
    ];
    for (const body of sent) {
      const outcome = await ask(ADMIN, `POST ${TYPED}`, [BANK, BANK_SOFTWARE, 'enckey'], body);
      assert.equal(outcome.status, 400, JSON.stringify(body));
    }
  });

  it('when a software without a role asks for a certificate or an assertion, then the answer is 400', async () => {
    const { SoftwareStatementId: id } = await made(ADMIN, `POST ${SOFTWARE}`, [BANK], SOFTWARE_MEMBERS);
    const request = await certificateRequest();
    assert.equal((await ask(ADMIN, `POST ${TYPED}`, [BANK, id, 'brcac'], request)).status, 400);
    assert.equal((await ask(ADMIN, `GET ${ONE_SOFTWARE}/assertion`, [BANK, id])).status, 400);
  });

  it('when a server certificate is asked for, then it names the hosts that the organisation serves', async () => {
    const key = `POST ${ORGANISATION}/certificates/{OrganisationCertificateType}`;
    await made(ADMIN, key, [BANK, 'rtswac'], await certificateRequest());
    const [issued] = await sandbox.authority.list({ use: 'server', organisationId: BANK });
    const { X509Certificate } = await import('node:crypto');
    assert.match(new X509Certificate(issued?.certificate ?? '').subjectAltName ?? '', /127\.0\.0\.1/);
    assert.equal((await ask(SUPER, key, [INSURER, 'rtswac'], await certificateRequest())).status, 400);
  });

  it('when a certificate is about to end, then renewing issues and publishes another', async () => {
    const before = await sandbox.directory.keys.list({ organisationId: BANK, softwareId: BANK_SOFTWARE });
    assert.equal(await sandbox.directory.keys.renew(), 0);
    await sandbox.clock.advance(300 * 86_400_000);
    assert.equal(await sandbox.directory.keys.renew(), before.length);
    const after = await sandbox.directory.keys.list({ organisationId: BANK, softwareId: BANK_SOFTWARE });
    assert.equal(after.length, 2 * before.length);
    assert.equal(await sandbox.directory.keys.renew(), 0);
  });

  it('when a software is removed, then its certificates are revoked and it calls no more', async () => {
    const key = `GET ${ONE_SOFTWARE}/assertion`;
    assert.equal((await ask(software, key, [BANK, BANK_SOFTWARE])).status, 200);
    assert.equal((await ask(ADMIN, `DELETE ${ONE_SOFTWARE}`, [BANK, BANK_SOFTWARE])).status, 204);
    assert.equal((await ask(software, key, [BANK, BANK_SOFTWARE])).status, 401);
    const current = await sandbox.authority.list({ softwareId: BANK_SOFTWARE, isCurrent: true });
    assert.deepEqual(current, []);
    const back = { ...SOFTWARE_MEMBERS, Status: 'Active' };
    assert.equal((await ask(ADMIN, `PUT ${ONE_SOFTWARE}`, [BANK, BANK_SOFTWARE], back)).status, 400);
  });
});

describe('given terms and conditions', () => {
  const ITEM = `${SIGNING}/{ExternalSigningServiceEnvelopeId}`;
  const start = () => ask(ADMIN, `POST ${SIGNING}`, [BANK], { TnCId: 2, NoOfSigners: 2 });
  const details = async () => (await ask(ADMIN, `GET ${ORGANISATION}`, [BANK])).body.TncDetails;

  it('when an organisation signs them step by step, then its record says so', async () => {
    const { body } = await start();
    const envelope = body.TermsAndConditionsDetail.ExternalSigningServiceEnvelopeId;
    assert.equal(body.InitiatedBy, 'admin@example.com');
    const advance = (status: string) =>
      ask(ADMIN, `PUT ${ITEM}`, [BANK, envelope], { ExternalSigningServiceEnvelopeStatus: status });
    assert.equal((await advance('completed')).status, 400);
    for (const status of ['sent', 'delivered', 'completed'])
      assert.equal((await advance(status)).body.ExternalSigningServiceEnvelopeStatus, status);
    assert.equal((await advance('voided')).status, 400);
    assert.deepEqual(await details(), { TnCSigned: true, TnCUpdated: false, TnCsToBeSigned: [] });

    const terms = await ask(SUPER, `PUT ${TERMS}/{TnCId}`, ['2'], { Content: 'Outro texto' });
    assert.equal(terms.body.Content, 'Outro texto');
    const { TnCSigned, TnCUpdated } = await details();
    assert.deepEqual({ TnCSigned, TnCUpdated }, { TnCSigned: false, TnCUpdated: true });
    assert.equal((await start()).status, 201);
  });

  it('when they are being signed, then nobody starts again, until the envelope was declined', async () => {
    const envelope = (await start()).body.TermsAndConditionsDetail.ExternalSigningServiceEnvelopeId;
    assert.equal((await start()).status, 409);
    for (const status of ['sent', 'declined'])
      await ask(ADMIN, `PUT ${ITEM}`, [BANK, envelope], { ExternalSigningServiceEnvelopeStatus: status });
    assert.equal((await start()).status, 201);
    const history = await ask(ADMIN, `GET ${ORGANISATION}/tnchistory`, [BANK]);
    assert.equal(history.body.totalSize, 2);
  });

  it('when they are not for organisations, not there, or for too many signers, then the answer is 400', async () => {
    for (const body of [
      { TnCId: 1 },
      { TnCId: 99 },
      { TnCId: 2, NoOfSigners: 7 },
      { TnCId: 2, NoOfSigners: 0 },
    ])
      assert.equal((await ask(ADMIN, `POST ${SIGNING}`, [BANK], body)).status, 400, JSON.stringify(body));
  });

  it('when new ones are made, then they have the next number', async () => {
    const request = { Type: 'Participant', Version: 1, Name: 'Novos', Content: 'Texto' };
    assert.equal((await made(SUPER, `POST ${TERMS}`, [], request)).TnCId, 3);
    assert.equal((await ask(SUPER, `POST ${TERMS}`, [], { ...request })).status, 409);
  });
});

describe('given a seed', () => {
  it('when it is sown again with other addresses, then these are the ones from then on', async () => {
    const { SEED } = await import('../support/sandbox-directory.ts');
    await ask(SUPER, `GET ${ONE_SOFTWARE}/assertion`, [BANK, BANK_SOFTWARE]);
    const moved = JSON.parse(
      JSON.stringify(SEED)
        .replaceAll('127.0.0.1:8443', '127.0.0.1:9000')
        .replaceAll('127.0.0.1:8444', '127.0.0.1:9001')
        .replaceAll('127.0.0.1:9443', '127.0.0.1:9002'),
    );
    await sandbox.seed(moved);
    const [bank] = (await participants()) as [Json];
    assert.equal(bank.AuthorisationServers[0].Issuer, 'https://127.0.0.1:9000/banco');
    assert.deepEqual(
      bank.AuthorisationServers[0].ApiResources[0].ApiDiscoveryEndpoints.map((one: Json) => one.ApiEndpoint),
      ['https://127.0.0.1:9001/open-banking/consents/v3/consents'],
    );
    const { body } = await ask(SUPER, `GET ${ONE_SOFTWARE}`, [BANK, BANK_SOFTWARE]);
    assert.deepEqual(body.RedirectUri, ['https://127.0.0.1:9002/callback']);
    const generation = await sandbox.store.generation();
    await sandbox.seed(moved);
    assert.equal(await sandbox.store.generation(), generation);
  });

  it('when something was ended by hand, then sowing again does not bring it back', async () => {
    await ask(SUPER, `DELETE ${ONE_SOFTWARE}`, [BANK, BANK_SOFTWARE]);
    await ask(SUPER, `DELETE ${ADMINS}/{UserEmailId}`, [BANK, 'admin@example.com']);
    await sandbox.seed();
    assert.equal((await ask(SUPER, `GET ${ONE_SOFTWARE}`, [BANK, BANK_SOFTWARE])).body.Status, 'Inactive');
    assert.equal((await ask(ADMIN, `GET ${CONTACTS}`, [BANK])).status, 403);
  });

  it('when two nodes sow at the same time, then both end well', async () => {
    const fresh = createSandboxDirectory();
    await Promise.all([fresh.seed(), fresh.seed()]);
    assert.equal((await fresh.store.list({ kinds: ['organisation'] })).length, 2);
  });

  it('when it breaks a rule, then it says which record does', async () => {
    const { SEED } = await import('../support/sandbox-directory.ts');
    const [bank] = SEED.organisations;
    const wrong = {
      ...SEED,
      organisations: [{ ...bank, id: 'x', members: { ...bank?.members, RegistrationNumber: '1' } }],
    };
    await assert.rejects(sandbox.seed(wrong as never), /organisation x: RegistrationNumber/);
  });
});

describe('given the document of participants', () => {
  it('when nothing changes, then it is put together once; when something does, anew', async () => {
    const operation = directoryOperations.find(({ kind }) => kind === 'participants') as Operation;
    const read = async () => {
      const answer = await sandbox.directory.readParticipants({ operation } as Call);
      assert.ok(answer?.kind === 'content');
      return answer.content;
    };
    const [one, two] = await Promise.all([read(), read()]);
    assert.equal(one, two);
    await made(ADMIN, `POST ${CONTACTS}`, [BANK], CONTACT_MEMBERS);
    const three = await read();
    assert.notEqual(three.etag, one.etag);
    assert.ok((await three.body('br')).length < (await three.body('identity')).length);
    assert.ok((await three.body('gzip')).length > 0);
  });

  it('when it could not be read once, then the next call tries anew', async () => {
    const failing = { ...sandbox.store, list: () => Promise.reject(new Error('away')) };
    let isAway = true;
    const broken = createSandboxDirectory(
      new Proxy(sandbox.store, {
        get: (target, name) =>
          isAway && name === 'list' ? failing.list : target[name as keyof typeof target],
      }),
    );
    const operation = directoryOperations.find(({ kind }) => kind === 'participants') as Operation;
    await assert.rejects(async () => broken.directory.readParticipants({ operation } as Call), /away/);
    isAway = false;
    assert.equal((await broken.directory.readParticipants({ operation } as Call))?.kind, 'content');
  });
});

describe('given steps out of their order', () => {
  it('when a call was not authorized, then it is not served', async () => {
    const operation = directoryOperations.find(({ path }) => path === '/references/authorities') as Operation;
    const caller = {
      clientId: 'super-user-client',
      organisationId: '',
      scopes: new Set(['directory:website']),
    };
    const call = { operation, path: {}, query: {}, headers: {}, certificate: presentedBy(SUPER) };
    assert.equal(outcomeOf((await sandbox.directory.serve({ ...call, caller })) as Answer).status, 403);
    assert.equal(outcomeOf((await sandbox.directory.authorize(call)) as Answer).status, 403);
  });
});

describe('given bodies and paths of any kind', () => {
  const ALLOWED = new Set([200, 201, 204, 400, 403, 404, 409]);
  const texts = fc.oneof(
    fc.string({ maxLength: 40, minLength: 1 }),
    fc.constantFrom(
      BANK,
      BANK_SOFTWARE,
      SERVER,
      BANK_DOMAIN,
      AUTHORITY,
      'DADOS',
      '1',
      'brcac',
      'constructor',
    ),
  );
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record({ Status: texts, Email: texts, UserEmail: texts, MemberState: texts }, { requiredKeys: [] }),
  );

  it('when anybody sends anything anywhere, then it is answered and never breaks', async () => {
    const operations = directoryOperations.filter(({ kind }) => kind === 'directory');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...operations),
        fc.constantFrom(SUPER, ADMIN, 'technical-contact', 'business-contact'),
        fc.array(texts, { minLength: 5, maxLength: 5 }),
        body,
        async (operation, who, ids, sent) => {
          const { status } = await ask(
            who,
            operation.key,
            ids,
            operation.method === 'GET' ? undefined : sent,
          );
          assert.ok(ALLOWED.has(status), `${who} ${operation.key}: ${status}`);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('given a record that is removed while others are put below it', () => {
  it('when both have ended, then nothing is left below what is gone', async () => {
    const { records } = sandbox.directory;
    const operator = { isSuperUser: true };
    const members = { ApiFamilyType: 'loans', ApiVersion: '1.0.0' };
    await Promise.all([
      records.remove('authorisation-server', [BANK], SERVER),
      ...['1.0.0', '2.0.0', '3.0.0'].map((ApiVersion) =>
        records.create('api-resource', [BANK, SERVER], { ...members, ApiVersion }, operator),
      ),
    ]);
    assert.equal(await records.read('authorisation-server', [BANK], SERVER), undefined);
    assert.deepEqual(await sandbox.store.list({ kinds: ['api-resource'], under: [BANK, SERVER] }), []);
  });
});
