import { type Answer, answerProblem, type Call, type Step } from '../../contract/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import { createProblem } from '../../kernel/problem.ts';
import type { CertificateAuthority } from '../certificate-authority.ts';
import type { KeyOwner } from '../key-set-path.ts';
import type { KeyStore } from '../key-store.ts';
import { createCertificateRoutes } from './certificate-routes.ts';
import { createDirectoryRecords, type DirectoryRecords } from './directory-records.ts';
import type { DirectoryStore } from './directory-store.ts';
import { createDirectoryTokens, type DirectoryTokens } from './directory-tokens.ts';
import { createIssuedKeys, type IssuedKeys } from './issued-keys.ts';
import { createIssuedCertificateJudge } from './judge-issued-certificate.ts';
import { createOrganisationRoutes } from './organisation-routes.ts';
import { createParticipants } from './participants.ts';
import { createUserPresenters } from './present-users.ts';
import { createPrincipals, isAllowed, type Principal } from './principals.ts';
import { RECORD_KINDS } from './record-kinds.ts';
import { createRecordRoutes } from './record-routes.ts';
import { answerJson, answerMissing, answerUnfit, type Route, type Routes } from './route.ts';
import { createSoftwareStatements, type DirectoryEcosystem } from './software-statements.ts';
import { createTermsRoutes } from './terms-routes.ts';

export interface DirectorySettings {
  readonly store: DirectoryStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly authority: CertificateAuthority;
  readonly keyStore: KeyStore;
  /** In order of preference: a software with roles in several is certified and signed for in the first. */
  readonly ecosystems: readonly DirectoryEcosystem[];
  /** Base URL of the key store, without a slash at the end. */
  readonly keyStoreUrl: string;
  /** Base URL of certificates as PEM, without a slash at the end. */
  readonly certificatesUrl: string;
}

/** The sandbox directory, apart from key store and HTTP. */
export interface Directory {
  /** Answers `GET /participants`. */
  readonly readParticipants: Step;
  /** Demands a token of the directory, bound to the certificate: 401. */
  readonly authenticate: Step;
  /** Demands a role that may do what is called for: 403. Stands behind `authenticate`. */
  readonly authorize: Step;
  /** Answers what the directory's contract has, once it is authorized and its body checked. */
  readonly serve: Step;
  readonly tokens: DirectoryTokens;
  /** For seeding and for what the directory does by itself: no roles are asked here. */
  readonly records: DirectoryRecords;
  readonly keys: IssuedKeys;
  /** Method and path template of all operations that `serve` knows. */
  readonly operations: ReadonlySet<string>;
}

const SOFTWARE = '/organisations/{OrganisationId}/softwarestatements/{SoftwareStatementId}';

/** Puts the directory together. */
export function createDirectory(settings: DirectorySettings): Directory {
  const { store, clock, ecosystems } = settings;
  const kinds = RECORD_KINDS;
  const records = createDirectoryRecords({ kinds, store, clock });
  const judge = createIssuedCertificateJudge(settings.authority, clock);
  const principals = createPrincipals({ store, judge });
  const tokens = createDirectoryTokens({ store, principals, clock });
  const profiles = ecosystems.map(({ profile }) => profile);
  const keys = createIssuedKeys({ ...settings, records, profiles, now: () => clock.now() });
  const routes: Routes = new Map([
    ...createRecordRoutes({ records, kinds, present: createUserPresenters(store) }),
    // What has rules of its own takes the place of what is alike for all.
    ...createOrganisationRoutes({ records, store }),
    ...createTermsRoutes({ records, store, clock }),
    ...createCertificateRoutes(keys, isOwner),
    ...createSoftwareRoutes({
      records,
      keys,
      signAssertion: createSoftwareStatements({ records, store, ecosystems }),
    }),
  ]);
  /** Who was authorized for which call; without an entry nothing is served. */
  const authorized = new WeakMap<Call, Principal>();

  async function isOwner({ organisationId, softwareId }: KeyOwner): Promise<boolean> {
    const owner =
      softwareId === undefined
        ? await records.read('organisation', [], organisationId)
        : await records.read('software-statement', [organisationId], softwareId);
    return owner !== undefined;
  }

  async function authorize(call: Call): Promise<Answer | undefined> {
    const route = routes.get(keyOf(call));
    const principal = call.caller && (await principals.resolve(call.caller.clientId));
    if (!route || !principal || !isAllowed(principal, route.verb, route.area, targetOf(call)))
      return answerProblem(createProblem('ACESSO_AO_DIRETORIO_NEGADO'));
    authorized.set(call, principal);
    return undefined;
  }

  async function serve(call: Call): Promise<Answer> {
    const route = routes.get(keyOf(call));
    const principal = authorized.get(call);
    if (!route || !principal) return answerProblem(createProblem('ACESSO_AO_DIRETORIO_NEGADO'));
    return route.serve(call, principal);
  }

  return {
    readParticipants: createParticipants({ store, kinds, clock }),
    authenticate: tokens.authenticate,
    authorize,
    serve,
    tokens,
    records,
    keys,
    operations: new Set(routes.keys()),
  };
}

interface SoftwareRoutesSettings {
  readonly records: DirectoryRecords;
  readonly keys: IssuedKeys;
  readonly signAssertion: ReturnType<typeof createSoftwareStatements>;
}

function createSoftwareRoutes({ records, keys, signAssertion }: SoftwareRoutesSettings): Routes {
  async function readAssertion(call: Call): Promise<Answer> {
    const { OrganisationId = '', SoftwareStatementId = '' } = call.path;
    const assertion = await signAssertion(OrganisationId, SoftwareStatementId);
    if (assertion.isSigned) return answerJson(call, assertion.jws);
    if (assertion.reason === 'missing') return answerMissing();
    return answerUnfit('o software não tem papel em nenhum ecossistema');
  }

  /** With the software go its certificates and keys, first of all: nobody may go on in its name. */
  async function removeSoftware(call: Call): Promise<Answer> {
    const { OrganisationId: organisationId = '', SoftwareStatementId: softwareId = '' } = call.path;
    for (const record of await keys.list({ organisationId, softwareId }))
      await keys.revoke(record, 'cessationofoperation');
    const kept = await records.remove('software-statement', [organisationId], softwareId);
    return kept.isKept ? { kind: 'empty' } : answerMissing();
  }

  return new Map<string, Route>([
    [`GET ${SOFTWARE}/assertion`, { verb: 'read', area: 'assertion', serve: readAssertion }],
    [`DELETE ${SOFTWARE}`, { verb: 'remove', area: 'software', serve: removeSoftware }],
  ]);
}

function keyOf({ operation }: Call): string {
  return `${operation.method} ${operation.path}`;
}

function targetOf({ path }: Call) {
  const { OrganisationId, SoftwareStatementId, UserEmailId } = path;
  return { organisationId: OrganisationId, softwareId: SoftwareStatementId, email: UserEmailId };
}
