import type { IdentityDocument } from './consent.ts';
import type { ConsentProfile } from './consent-profile.ts';
import { parseDateTime } from './end-date.ts';
import type { ConsentRequest } from './judge-request.ts';
import { canonicalPermission, type Spelling } from './version-spelling.ts';

/** `data` of a request's body, as the contract has it; the step before has held the body to the contract. */
interface RequestData extends Readonly<Record<string, unknown>> {
  readonly permissions: readonly string[];
  readonly loggedUser: { readonly document: IdentityDocument };
  readonly businessEntity?: { readonly document: IdentityDocument };
  readonly expirationDateTime?: string;
  readonly isLinked?: boolean;
}

/** Reads the body of a request for a new consent that has passed its contract. */
export function readConsentRequest(
  profile: ConsentProfile,
  spelling: Spelling,
  body: unknown,
): ConsentRequest {
  const { data } = body as { readonly data: RequestData };
  return {
    ...readPersons(data),
    permissions: data.permissions.map((name) => canonicalPermission(profile, name)),
    expiresAt: readEnd(data),
    details: spelling.readDetails(data),
    isLinked: data.isLinked,
  };
}

/** Who asks for a renewal, for which company and until when. */
export type RenewalRequest = Pick<ConsentRequest, 'loggedUser' | 'businessEntity' | 'expiresAt'>;

/** Reads the body of a request for a renewal that has passed its contract. */
export function readRenewalRequest(body: unknown): RenewalRequest {
  const { data } = body as { readonly data: RequestData };
  return { ...readPersons(data), expiresAt: readEnd(data) };
}

function readPersons({ loggedUser, businessEntity }: RequestData) {
  return {
    loggedUser: readDocument(loggedUser.document),
    businessEntity: businessEntity && readDocument(businessEntity.document),
  };
}

/** Nothing else that may stand beside the two members is kept. */
function readDocument({ identification, rel }: IdentityDocument): IdentityDocument {
  return { identification, rel };
}

function readEnd({ expirationDateTime }: RequestData): number | undefined {
  return expirationDateTime === undefined ? undefined : parseDateTime(expirationDateTime);
}
