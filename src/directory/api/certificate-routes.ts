import type { Answer, Call } from '../../contract/call.ts';
import type { KeyOwner } from '../key-set-path.ts';
import type { IssuedKeys } from './issued-keys.ts';
import { answerJson, answerMissing, answerUnfit, type Route, type Routes, requestOf } from './route.ts';

const OF_ORGANISATION = '/organisations/{OrganisationId}/certificates';
const OF_SOFTWARE = '/organisations/{OrganisationId}/softwarestatements/{SoftwareStatementId}/certificates';
const ORGANISATION_TYPE = '{OrganisationCertificateType}';
const SOFTWARE_TYPE = '{SoftwareStatementCertificateOrKeyType}';
const KID = '{CertificateOrKeyId}';

/** The operations on certificates and keys, of an organisation and of a software alike. */
export function createCertificateRoutes(
  issuedKeys: IssuedKeys,
  isOwner: (owner: KeyOwner) => Promise<boolean>,
): Routes {
  async function list(call: Call): Promise<Answer> {
    const owner = ownerOf(call);
    if (!(await isOwner(owner))) return answerMissing();
    const found = await issuedKeys.list(owner, typeOf(call));
    return answerJson(
      call,
      found.map(({ body }) => body),
    );
  }

  async function read(call: Call): Promise<Answer> {
    const record = await find(call);
    return record ? answerJson(call, record.body) : answerMissing();
  }

  async function issue(call: Call): Promise<Answer> {
    const issued = await issuedKeys.issue(ownerOf(call), typeOf(call) ?? '', String(call.body));
    if (issued.isIssued) return answerJson(call, issued.record.body, 201);
    return issued.reason === 'missing' ? answerMissing() : answerUnfit(issued.detail);
  }

  async function revoke(call: Call): Promise<Answer> {
    const record = await find(call);
    if (!record) return answerMissing();
    await issuedKeys.revoke(record, String(requestOf(call).RevokeReason));
    return { kind: 'empty' };
  }

  async function find(call: Call) {
    const record = await issuedKeys.find(ownerOf(call), call.path.CertificateOrKeyId as string);
    const type = typeOf(call);
    return type === undefined || record?.body.keyType === type ? record : undefined;
  }

  const route = (verb: Route['verb'], serve: Route['serve']): Route => ({ verb, area: 'certificate', serve });
  return new Map<string, Route>([
    [`GET ${OF_ORGANISATION}`, route('read', list)],
    [`GET ${OF_ORGANISATION}/${ORGANISATION_TYPE}`, route('read', list)],
    [`GET ${OF_ORGANISATION}/kid/${KID}`, route('read', read)],
    [`POST ${OF_ORGANISATION}/${ORGANISATION_TYPE}`, route('create', issue)],
    [`PUT ${OF_ORGANISATION}/${ORGANISATION_TYPE}/${KID}`, route('update', revoke)],
    [`GET ${OF_SOFTWARE}`, route('read', list)],
    [`GET ${OF_SOFTWARE}/${SOFTWARE_TYPE}/${KID}`, route('read', read)],
    [`POST ${OF_SOFTWARE}/${SOFTWARE_TYPE}`, route('create', issue)],
    [`PUT ${OF_SOFTWARE}/${SOFTWARE_TYPE}/${KID}`, route('update', revoke)],
  ]);
}

function ownerOf({ path }: Call): KeyOwner {
  return { organisationId: path.OrganisationId as string, softwareId: path.SoftwareStatementId };
}

function typeOf({ path }: Call): string | undefined {
  return path.SoftwareStatementCertificateOrKeyType ?? path.OrganisationCertificateType;
}
