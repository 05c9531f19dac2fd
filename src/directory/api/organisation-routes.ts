import { type Answer, answerProblem, type Call } from '../../contract/call.ts';
import { createProblem } from '../../kernel/problem.ts';
import type { DirectoryRecords } from './directory-records.ts';
import type { DirectoryStore, PageQuery } from './directory-store.ts';
import { composePage, readAskedPage } from './page-records.ts';
import { isSuperUser, type Principal } from './principals.ts';
import { answerFault, answerJson, answerMissing, type Route, type Routes, requestOf } from './route.ts';
import { composeTermsState } from './sign-terms.ts';

const ORGANISATION = '/organisations/{OrganisationId}';
const SERVER = `${ORGANISATION}/authorisationservers/{AuthorisationServerId}`;
const SOFTWARE = `${ORGANISATION}/softwarestatements/{SoftwareStatementId}`;
const NAMES = ['OrganisationName', 'LegalEntityName', 'RegisteredName', 'RegistrationNumber'];

export interface OrganisationRoutesSettings {
  readonly records: DirectoryRecords;
  readonly store: DirectoryStore;
}

/** The operations that are put together of several kinds of records, and those with rules of their own. */
export function createOrganisationRoutes({ records, store }: OrganisationRoutesSettings): Routes {
  async function listOrganisations(call: Call, by: Principal): Promise<Answer> {
    const asked = readAskedPage(call);
    if ('kind' in asked) return asked;
    const { displayMine, filterBy, hideInactive } = call.query;
    const isOwn = displayMine === undefined || displayMine === '' || displayMine.toLowerCase() === by.email;
    // What somebody else has to do with is for nobody but the operator.
    if (!isOwn && !isSuperUser(by)) return answerProblem(createProblem('ACESSO_AO_DIRETORIO_NEGADO'));
    const query: Omit<PageQuery, 'kinds'> = {
      ...asked,
      ...(hideInactive === 'true' && { where: { Status: 'Active' } }),
      ...(filterBy && { like: { members: NAMES, text: filterBy } }),
      ...(displayMine && { ids: await organisationsOf(displayMine.toLowerCase()) }),
    };
    const found = await store.page({ ...query, kinds: ['organisation'] });
    const bodies = found.records.map(({ body }) => body);
    return answerJson(call, composePage(bodies, found.total, asked));
  }

  async function organisationsOf(email: string): Promise<string[]> {
    const roles = await Promise.all([
      store.list({ kinds: ['organisation-administrator'], ids: [email] }),
      store.list({ kinds: ['domain-user'], where: { Email: email } }),
    ]);
    const active = roles.flat().filter(({ body }) => body.Status === 'Active');
    return active.flatMap(({ parents }) => parents[0] ?? []);
  }

  async function readOrganisation(call: Call): Promise<Answer> {
    const id = call.path.OrganisationId as string;
    const organisation = await records.read('organisation', [], id);
    if (!organisation) return answerMissing();
    const [terms, signatures] = await Promise.all([
      store.list({ kinds: ['terms'] }),
      store.list({ kinds: ['terms-signature'], under: [id] }),
    ]);
    const mustSign = organisation.body.RequiresParticipantTermsAndConditionsSigning === true;
    const TncDetails = composeTermsState(terms, signatures, mustSign);
    return answerJson(call, { OrgDetails: organisation.body, TncDetails });
  }

  async function readFamilyStatus(call: Call): Promise<Answer> {
    const { OrganisationId = '', AuthorisationServerId = '' } = call.path;
    const resources = await records.list('api-resource', [OrganisationId, AuthorisationServerId]);
    return resources ? answerJson(call, await records.show('api-resource', resources)) : answerMissing();
  }

  async function listUserRecords(call: Call): Promise<Answer> {
    const asked = readAskedPage(call);
    if ('kind' in asked) return asked;
    const { OrganisationId = '', AuthorisationDomainName = '', UserEmailId = '' } = call.path;
    const where = { Email: UserEmailId.toLowerCase() };
    const found = await records.page('domain-user', [OrganisationId, AuthorisationDomainName], {
      ...asked,
      where,
    });
    if (!found || found.total === 0) return answerMissing();
    const bodies = found.records.map(({ body }) => body);
    return answerJson(call, composePage(bodies, found.total, asked));
  }

  async function listDomainMapping(call: Call): Promise<Answer> {
    const asked = readAskedPage(call);
    if ('kind' in asked) return asked;
    const found = await store.page({ ...asked, kinds: ['authority-domain'] });
    const bodies = found.records.map(({ body }) => body);
    return answerJson(call, composePage(bodies, found.total, asked));
  }

  async function unlockSoftware(call: Call): Promise<Answer> {
    const { OrganisationId = '', SoftwareStatementId = '' } = call.path;
    // Without the wish to unlock, nothing changes and the record is shown as it is.
    const members = requestOf(call).Unlock === true ? { Locked: false } : {};
    const kept = await records.amend('software-statement', [OrganisationId], SoftwareStatementId, members);
    if (!kept.isKept) return answerFault(call, kept.fault);
    return answerJson(call, (await records.show('software-statement', [kept.record]))[0]);
  }

  return new Map<string, Route>([
    ['GET /organisations', { verb: 'read', area: 'organisation', serve: listOrganisations }],
    [`GET ${ORGANISATION}`, { verb: 'read', area: 'organisation', serve: readOrganisation }],
    [`GET ${SERVER}/familystatus`, { verb: 'read', area: 'authorisation-server', serve: readFamilyStatus }],
    [
      `GET ${ORGANISATION}/{AuthorisationDomainName}/users/{UserEmailId}`,
      { verb: 'read', area: 'domain-user', serve: listUserRecords },
    ],
    [`PUT ${SOFTWARE}/unlock`, { verb: 'update', area: 'software', serve: unlockSoftware }],
    ['GET /references/authoritydomainmapping', { verb: 'read', area: 'reference', serve: listDomainMapping }],
  ]);
}
