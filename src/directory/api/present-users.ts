import type { DirectoryRecord, DirectoryStore, RecordBody } from './directory-store.ts';
import type { Present } from './record-routes.ts';

/** Creates the forms in which users and administrators are shown: with all that they are in the directory. */
export function createUserPresenters(store: DirectoryStore): Readonly<Record<string, Present>> {
  async function presentUser(user: DirectoryRecord): Promise<RecordBody> {
    const [superUsers, administrators, contacts, terms] = await Promise.all([
      store.list({ kinds: ['super-user'], ids: [user.id] }),
      store.list({ kinds: ['organisation-administrator'], ids: [user.id] }),
      store.list({ kinds: ['domain-user'], where: { Email: user.id } }),
      store.list({ kinds: ['terms'], where: { Type: 'Directory', Status: 'Active' } }),
    ]);
    const ids = [...administrators, ...contacts].flatMap(({ parents }) => parents[0] ?? []);
    const organisations = await store.list({ kinds: ['organisation'], ids });
    const agreed = terms.find(({ body }) => body.TnCId === user.body.TermsAndConditionsId);
    const latest = terms.at(-1);
    return {
      SuperUser: superUsers.some(isActive),
      SystemUser: false,
      CertificationManager: false,
      BasicInformation: { UserEmail: user.body.UserEmail, Status: user.body.Status },
      OrgAccessDetails: Object.fromEntries(
        organisations.map(({ id, body }) => [
          id,
          {
            OrganisationName: body.OrganisationName,
            OrgRegistrationNumber: body.RegistrationNumber,
            OrgAdmin: administrators.some((record) => isActive(record) && record.parents[0] === id),
            DomainRoleDetails: contacts.filter(({ parents }) => parents[0] === id).map(composeRole),
          },
        ]),
      ),
      DirectoryTermsAndConditionsDetails: {
        RequiresSigning: agreed === undefined,
        Updated: latest !== undefined && agreed !== latest,
        ...(latest && { TermsAndConditionsItem: latest.body }),
      },
    };
  }

  async function presentAdministrator(administrator: DirectoryRecord): Promise<RecordBody> {
    const contacts = await store.list({
      kinds: ['domain-user'],
      under: administrator.parents,
      where: { Email: administrator.id },
    });
    return { ...administrator.body, DomainRoleDetails: contacts.map(composeRole) };
  }

  return {
    user: (records) => Promise.all(records.map(presentUser)),
    'organisation-administrator': (records) => Promise.all(records.map(presentAdministrator)),
  };
}

function isActive({ body }: DirectoryRecord): boolean {
  return body.Status === 'Active';
}

function composeRole({ body }: DirectoryRecord): RecordBody {
  return {
    AuthorisationDomainName: body.AuthorisationDomain,
    AuthorisationDomainRoleName: body.AuthorisationDomainRole,
    Status: body.Status,
    ContactRole: body.ContactRole,
    System: body.System,
  };
}
