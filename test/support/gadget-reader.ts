import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { askedOwner } from '../../src/connectors/asked-owner.ts';
import type {
  ChildrenRequest,
  Connector,
  Json as Data,
  DataRequest,
  Found,
  FoundData,
  RecordRequest,
} from '../../src/connectors/connector.ts';
import type { Customer } from '../../src/connectors/customer.ts';
import type { Consent } from '../../src/consents/consent.ts';
import type { Answer, Call } from '../../src/contract/call.ts';
import type { CallNotes } from '../../src/contract/call-notes.ts';
import type { Operation } from '../../src/contract/operation.ts';
import type { BreachPolicy } from '../../src/customer-data/create-customer-data-answers.ts';
import type { CustomerDataEvent } from '../../src/customer-data/customer-data-event.ts';
import {
  type CustomerDataReader,
  createReadCustomerData,
} from '../../src/customer-data/read-customer-data.ts';
import { createVirtualClock } from '../../src/kernel/clock.ts';
import type { Reached, ReachedResource } from '../../src/resources/reached-resources.ts';
import { openFinance } from './consent-profiles.ts';
import { plainOperations } from './gadget-contract.ts';
import { madeUpConsent, NOON } from './made-up-consent.ts';
import type { Json } from './send-request.ts';

export const ANA = '11144477735';
export const COMPANY = '11222333000181';
export const BASE = 'https://mtls.banco.example';
export const ITEM = '/gadgets/{gadgetKey}';
export const USES = '/{gadgetKey}/uses';
export const BUDGET_MS = 40;

/** The public id of a gadget. */
export const idOf = (ref: string) => `pub-${ref}`;

/** An authorised consent for all that the gadgets ask for. */
export function gadgetConsent(change: Partial<Consent> = {}): Consent {
  return {
    ...madeUpConsent({
      id: 'urn:made-up:1',
      permissions: [
        'LOANS_READ',
        'LOANS_PAYMENTS_READ',
        'CUSTOMERS_PERSONAL_IDENTIFICATIONS_READ',
        'RESOURCES_READ',
      ],
    }),
    loggedUser: { identification: ANA, rel: 'CPF' },
    status: 'AUTHORISED',
    rejection: undefined,
    selection: { resources: [], approvals: [] },
    subject: 'sub-ana',
    grantId: 'grant-1',
    revision: 2,
    ...change,
  };
}

/** A gadget that a consent reaches. */
export function reachedGadget(ref: string, change: Partial<ReachedResource> = {}): ReachedResource {
  return { type: 'LOAN', ref, id: idOf(ref), status: 'AVAILABLE', reason: 'IN_USE', ...change };
}

export type Asked = DataRequest | RecordRequest | ChildrenRequest;
export type Finding = Found<Data> | ((request: Asked) => Found<Data> | Promise<Found<Data>>);

export interface World {
  readonly consent?: Partial<Consent>;
  /** References of the gadgets that the consent reaches. */
  readonly owned?: readonly string[];
  readonly reached?: Reached | (() => Promise<Reached>);
  readonly customer?: Found<Customer>;
  readonly found?: Finding;
  /** Whether the connector says whose its data is, where what it finds does not; it does by default. */
  readonly namesOwner?: boolean;
  readonly operations?: readonly Operation[];
  readonly policy?: BreachPolicy;
  readonly today?: string;
  readonly earliest?: string;
  readonly snapshotSeconds?: number;
  readonly maxPageSize?: number;
}

export interface Wishes {
  readonly path?: Call['path'];
  readonly query?: Call['query'];
  /** True leaves out who calls. */
  readonly byNobody?: boolean;
}

const ana: Customer = { id: 'c-1', name: 'Ana', cpf: ANA, companies: [{ cnpj: COMPANY, name: 'Padaria' }] };

/** An institution with gadgets, and somebody who reads them. What it finds may be changed while it runs. */
export function createGadgetReader(world: World = {}) {
  const operations = world.operations ?? plainOperations();
  const consent = gadgetConsent(world.consent);
  const clock = createVirtualClock(NOON);
  const requests: (Asked & { readonly method: string })[] = [];
  const events: CustomerDataEvent[] = [];
  const state = { found: world.found ?? ({ status: 'empty' } as Finding), reached: world.reached };
  const ask = (method: string) => async (request: Asked) => {
    requests.push({ ...request, method });
    const answer = typeof state.found === 'function' ? await state.found(request) : state.found;
    if (answer.status !== 'ok' || answer.owner !== undefined || world.namesOwner === false)
      return answer as FoundData;
    const owner = askedOwner(request, 'ref' in request ? request : undefined);
    return { ...answer, ...(owner !== undefined && { owner }) } as FoundData;
  };
  const connector: Pick<Connector, 'customer' | 'list' | 'get' | 'children'> = {
    customer: async () => world.customer ?? { status: 'ok', data: ana, asOf: NOON },
    list: ask('list'),
    get: ask('get'),
    children: ask('children'),
  };
  const all = Object.freeze((world.owned ?? ['g-1', 'g-2']).map((ref) => reachedGadget(ref)));
  const reader: CustomerDataReader = createReadCustomerData({
    profile: openFinance,
    operations,
    consents: { find: async (id) => (id === consent.id ? consent : undefined) },
    reached: {
      read: async () => {
        const { reached = { status: 'ready', resources: all } } = state;
        return typeof reached === 'function' ? reached() : reached;
      },
    },
    connector,
    connectorNameOf: () => 'core',
    brand: 'Banco',
    sealer: { derive: (purpose) => createHash('sha256').update(purpose).digest() },
    budgetMsOf: () => BUDGET_MS,
    snapshotSecondsOf: () => world.snapshotSeconds ?? 0,
    snapshotBytes: 1024 * 1024,
    policyOf: () => world.policy ?? 'serve-and-flag',
    todayOf: () => world.today,
    earliestDayOf: () => world.earliest,
    baseUrl: BASE,
    maxPageSize: world.maxPageSize ?? 1000,
    clock,
    onEvent: (event) => events.push(event),
  });

  async function read(end: string, wishes: Wishes = {}) {
    const operation = operations.find(({ path }) => path.endsWith(end)) as Operation;
    const notes: CallNotes = {};
    const call: Call = {
      operation,
      path: wishes.path ?? {},
      query: wishes.query ?? {},
      headers: {},
      interactionId: 'interaction-1',
      notes,
      ...(!wishes.byNobody && { caller: callerOf(consent) }),
    };
    return { answer: (await reader.step(call)) as Answer, notes, operation };
  }

  /** Follows a link of an answer. */
  function follow(end: string, path: Call['path'], link: string) {
    return read(end, { path, query: Object.fromEntries(new URL(link).searchParams) });
  }

  return { read, follow, requests, events, clock, state, forget: reader.forget };
}

/** One read in a world of its own. */
export async function readGadgets(end: string, { path, query, byNobody, ...world }: World & Wishes = {}) {
  const reader = createGadgetReader(world);
  const { requests, events } = reader;
  const wishes = { ...(path && { path }), ...(query && { query }), ...(byNobody && { byNobody }) };
  return { ...(await reader.read(end, wishes)), requests, events };
}

export function callerOf({ id }: Consent): NonNullable<Call['caller']> {
  return {
    clientId: 'client-1',
    organisationId: 'organisation-1',
    scopes: new Set(['openid']),
    consentId: id,
    subject: 'sub-ana',
  };
}

/** What a connector found, as of noon. */
export function found(data: Data, more: Partial<Extract<Found<Data>, { status: 'ok' }>> = {}): Found<Data> {
  return { status: 'ok', data, asOf: NOON, ...more };
}

export function bodyOf(answer: Answer): Json {
  assert.equal(answer.kind, 'json', JSON.stringify(answer));
  return (answer as Extract<Answer, { kind: 'json' }>).body;
}

export function refusalOf(answer: Answer): unknown[] {
  return answer.kind === 'problem' ? [answer.problem.status, answer.problem.code] : [answer.kind];
}
