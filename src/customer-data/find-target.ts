import type { Asking, Connector } from '../connectors/connector.ts';
import type { Consent } from '../consents/consent.ts';
import type { Call } from '../contract/call.ts';
import type { CallNotes } from '../contract/call-notes.ts';
import { createProblem, type Problem, type ProblemCode } from '../kernel/problem.ts';
import type { ReachedResource, ReachedResources } from '../resources/reached-resources.ts';
import type { ResourceStatus } from '../resources/resource-state.ts';
import type { Access } from './judge-access.ts';
import type { Addressing } from './product-ids.ts';
import { createSharedResources, type SharedResources } from './shared-resources.ts';
import { toldByInstitution } from './told-by-institution.ts';

/** What a call may read, in the institution's own references. */
export interface Target {
  /** By name of a path parameter. */
  readonly refs: Readonly<Record<string, string>>;
  /** The only resource that records may be of; undefined where they may be of any that is shared. */
  readonly resource: ReachedResource | undefined;
  readonly shared: SharedResources;
}

/** Why a call may read nothing, in words for the receiver and for whoever asks later. */
export interface NoTarget {
  readonly problem: Problem;
  readonly resource: NonNullable<CallNotes['resource']>;
}

export interface TargetSettings {
  readonly reached: ReachedResources;
  readonly connector: Pick<Connector, 'customer'>;
}

/** References of things below a resource are the connector's own, and become parts of its paths and keys. */
const REF = /^[a-zA-Z0-9][a-zA-Z0-9-]{0,59}$/;
const NOTHING: SharedResources = Object.freeze({ all: [], byId: new Map(), available: new Map() });

/** What the caller is told of a resource that it may see only as such (Resources API guide, 403 of product APIs). */
const REFUSALS: Readonly<Record<Exclude<ResourceStatus, 'AVAILABLE'>, ProblemCode>> = {
  PENDING_AUTHORISATION: 'STATUS_RESOURCE_PENDING_AUTHORISATION',
  TEMPORARILY_UNAVAILABLE: 'STATUS_RESOURCE_TEMPORARILY_UNAVAILABLE',
  UNAVAILABLE: 'STATUS_RESOURCE_UNAVAILABLE',
};

/**
 * Makes the function that finds what a call may read of the customer's resources, as they are now. What the consent does
 * not reach is forbidden whether or not it exists, and so are resources in a state in which they are not shared. Rejects
 * when the institution's systems are away.
 */
export function createFindTarget({ reached, connector }: TargetSettings) {
  const sort = createSharedResources();
  return async (
    call: Call,
    consent: Consent,
    access: Access,
    addressing: Addressing,
    asking: Asking,
  ): Promise<Target | NoTarget> => {
    if (access.types.size === 0) return findCustomer(addressing, access, connector, asking);
    const found = await reached.read(consent, asking, access.types);
    if (found.status === 'preparing') return refuse('DADOS_EM_PREPARACAO', { reason: 'PREPARING' });
    if (found.status === 'overdue')
      return refuse('INSTITUICAO_NAO_RESPONDEU', { reason: 'PREPARATION_OVERDUE' });
    const shared = sort(found, access.types);
    return addressing.parameters.length === 0
      ? aimAtList(addressing, shared)
      : aimAtPath(call, addressing, shared);
  };
}

function aimAtList({ idName }: Addressing, shared: SharedResources): Target | NoTarget {
  const target = { refs: {}, resource: undefined, shared };
  if (idName !== undefined) return target;
  // Records without an id are those of all resources of the type, which is one as a rule.
  const barred = shared.all.find(({ status }) => status !== 'AVAILABLE');
  if (barred) return refuseState(barred);
  return shared.available.size === 0 ? refuse('RESOURCE_FORBIDDEN', { reason: 'NONE' }) : target;
}

function aimAtPath({ path }: Call, addressing: Addressing, shared: SharedResources): Target | NoTarget {
  const [first = '', ...further] = addressing.parameters;
  const below = Object.fromEntries(further.map((name) => [name, path[name] ?? '']));
  const id = path[first] ?? '';
  const foreign = Object.values(addressing.isBelowResource ? below : { ...below, id });
  if (!foreign.every((ref) => REF.test(ref))) return refuse('RESOURCE_FORBIDDEN', { reason: 'NO_ID' });
  if (!addressing.isBelowResource) return { refs: { [first]: id, ...below }, resource: undefined, shared };
  const resource = shared.byId.get(id);
  if (!resource) return refuse('RESOURCE_FORBIDDEN', { reason: 'NOT_REACHED' });
  return resource.status === 'AVAILABLE'
    ? { refs: { [first]: resource.ref, ...below }, resource, shared }
    : refuseState(resource);
}

/** What hangs on no resource is the customer's, as long as they are one, and of the company's while they act for it. */
async function findCustomer(
  { parameters }: Addressing,
  { documents: { cpf, cnpj } }: Access,
  connector: Pick<Connector, 'customer'>,
  asking: Asking,
): Promise<Target | NoTarget> {
  if (parameters.length > 0) return refuse('RESOURCE_FORBIDDEN', { reason: 'NOT_REACHED' });
  const found = await toldByInstitution(asking.signal, () => connector.customer({ cpf }, asking));
  if (found.status === 'notReady') return refuse('DADOS_EM_PREPARACAO', { reason: 'PREPARING' });
  if (found.status !== 'ok' || found.data.cpf !== cpf)
    return refuse('RESOURCE_FORBIDDEN', { reason: 'NO_CUSTOMER' });
  const actsForIt = cnpj === undefined || found.data.companies.some((company) => company.cnpj === cnpj);
  return actsForIt
    ? { refs: {}, resource: undefined, shared: NOTHING }
    : refuse('RESOURCE_FORBIDDEN', { reason: 'NOT_OF_COMPANY' });
}

function refuseState({ id, type, status, reason }: ReachedResource): NoTarget {
  const code = status === 'AVAILABLE' ? 'RESOURCE_FORBIDDEN' : REFUSALS[status];
  return refuse(code, { id, type, status, reason });
}

function refuse(code: ProblemCode, resource: NoTarget['resource']): NoTarget {
  return { problem: createProblem(code), resource };
}
