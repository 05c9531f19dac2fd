import type { Institution } from '../connectors/institution.ts';
import type { Consent } from '../consents/consent.ts';
import type { ConsentProfile } from '../consents/consent-profile.ts';
import type { Call } from '../contract/call.ts';
import { createProblem, type Problem, type ProblemCode } from '../kernel/problem.ts';
import { type ReachedResource, reachResources } from '../resources/reach-resources.ts';
import type { ResourceStatus } from '../resources/resource-state.ts';
import type { Access } from './judge-access.ts';
import type { Addressing } from './product-ids.ts';

/** What a call may read, in the institution's own references. */
export interface Target {
  /** By name of a path parameter. */
  readonly refs: Readonly<Record<string, string>>;
  /** The only resource that records may be of; undefined where they may be of any that is shared. */
  readonly resource: ReachedResource | undefined;
  /** Shared resources that are available, by reference. */
  readonly shared: ReadonlyMap<string, ReachedResource>;
}

export interface TargetSettings {
  readonly profile: ConsentProfile;
  readonly institution: Pick<Institution, 'customerWith' | 'discover'>;
  readonly publicIdOf: (subject: string, type: string, ref: string) => string;
}

/** References of things below a resource are the connector's own, and become parts of its paths and keys. */
const REF = /^[a-zA-Z0-9][a-zA-Z0-9-]{0,59}$/;

/** What the caller is told of a resource that it may see only as such (Resources API guide, 403 of product APIs). */
const REFUSALS: Readonly<Record<Exclude<ResourceStatus, 'AVAILABLE'>, ProblemCode>> = {
  PENDING_AUTHORISATION: 'STATUS_RESOURCE_PENDING_AUTHORISATION',
  TEMPORARILY_UNAVAILABLE: 'STATUS_RESOURCE_TEMPORARILY_UNAVAILABLE',
  UNAVAILABLE: 'STATUS_RESOURCE_UNAVAILABLE',
};

/**
 * Finds what a call may read of the customer's resources, as they are now. What the consent does not reach is forbidden
 * whether or not it exists, and so are resources in a state in which they are not shared. Rejects when the institution's
 * systems are away.
 */
export async function findTarget(
  call: Call,
  consent: Consent,
  subject: string,
  access: Access,
  addressing: Addressing,
  settings: TargetSettings,
  signal: AbortSignal,
): Promise<Target | Problem> {
  const { profile, institution, publicIdOf } = settings;
  if (access.types.size === 0) return findCustomer(addressing, access, institution, signal);
  const reached = (await reachResources(consent, profile, institution, signal)).filter(({ type }) =>
    access.types.has(type),
  );
  const [first, ...further] = addressing.parameters;
  const shared = new Map(
    reached.filter(({ status }) => status === 'AVAILABLE').map((resource) => [resource.ref, resource]),
  );
  if (first === undefined)
    return addressing.idName === undefined
      ? wholeTarget(reached, shared)
      : { refs: {}, resource: undefined, shared };

  const below = Object.fromEntries(further.map((name) => [name, call.path[name] ?? '']));
  if (!Object.values(below).every((ref) => REF.test(ref))) return forbidden();
  const id = call.path[first] ?? '';
  if (!addressing.isBelowResource)
    return REF.test(id) ? { refs: { [first]: id, ...below }, resource: undefined, shared } : forbidden();
  const resource = reached.find(({ type, ref }) => publicIdOf(subject, type, ref) === id);
  if (!resource) return forbidden();
  return resource.status === 'AVAILABLE'
    ? { refs: { [first]: resource.ref, ...below }, resource, shared }
    : createProblem(REFUSALS[resource.status]);
}

/** What hangs on no resource is the customer's, as long as they are one, and of the company's while they act for it. */
async function findCustomer(
  { parameters }: Addressing,
  { documents }: Access,
  institution: Pick<Institution, 'customerWith'>,
  signal: AbortSignal,
): Promise<Target | Problem> {
  const customer = parameters.length === 0 && (await institution.customerWith(documents.cpf, signal));
  const { cnpj } = documents;
  if (!customer || (cnpj !== undefined && !customer.companies.some((company) => company.cnpj === cnpj)))
    return forbidden();
  return { refs: {}, resource: undefined, shared: new Map() };
}

/** Records without an id are those of all resources of the type, which is one as a rule. */
function wholeTarget(reached: readonly ReachedResource[], shared: Target['shared']): Target | Problem {
  const [barred] = reached.flatMap(({ status }) => (status === 'AVAILABLE' ? [] : [status]));
  if (barred !== undefined) return createProblem(REFUSALS[barred]);
  return shared.size === 0 ? forbidden() : { refs: {}, resource: undefined, shared };
}

function forbidden(): Problem {
  return createProblem('RESOURCE_FORBIDDEN');
}
