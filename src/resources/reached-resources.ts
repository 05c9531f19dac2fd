import { LRUCache } from 'lru-cache';
import type { Asking, Connector } from '../connectors/connector.ts';
import type { OfferedResource } from '../connectors/customer.ts';
import type { Consent } from '../consents/consent.ts';
import type { ConsentProfile } from '../consents/consent-profile.ts';
import type { Clock } from '../kernel/clock.ts';
import { type DescribedResource, describeResources } from './describe-resources.ts';
import { createDiscovery, type Discovered } from './discovery.ts';
import { createKnownStates } from './known-states.ts';
import type { ResourceStatus } from './resource-state.ts';
import type { RecordedState, RecordedStates, ResourceStateStore } from './resource-state-store.ts';
import { type SharedTypes, sharedTypes } from './shared-types.ts';
import type { StateReason } from './state-reasons.ts';

/** A resource that a consent reaches. */
export interface ReachedResource {
  readonly type: string;
  /** The institution's own reference. */
  readonly ref: string;
  /** Public id. */
  readonly id: string;
  readonly status: ResourceStatus;
  readonly reason: StateReason;
  /** True once it has been unavailable for so long that the list of resources leaves it out. */
  readonly isPurged?: true;
}

/** Something that a customer has, as the institution names it. */
export type OwnedResource = Pick<ReachedResource, 'type' | 'ref'>;

/**
 * What a consent reaches; or that the institution is still preparing it: `overdue` once the time for that is over, and
 * always when the whole list has been ready before.
 */
export type Reached =
  | {
      readonly status: 'ready';
      readonly resources: readonly ReachedResource[];
      /** All that the customer has of the types, shared or not; absent where the institution has not said it. */
      readonly owned?: readonly OwnedResource[];
    }
  | { readonly status: 'preparing' }
  | { readonly status: 'overdue' };

export interface ReachedResources {
  /**
   * What an authorised consent reaches, of these types or of all; read again without change it is the same frozen object.
   * Rejects with `InstitutionAway` when the institution's systems fail, and while the database is away.
   */
  read(consent: Consent, asking: Asking, types?: ReadonlySet<string>): Promise<Reached>;
}

export interface ReachedResourcesSettings {
  readonly profile: ConsentProfile;
  readonly connector: Pick<Connector, 'discover'>;
  readonly states: Pick<ResourceStateStore, 'find' | 'record'>;
  /** The public id of a customer's resource. */
  readonly publicIdOf: (subject: string, type: string, ref: string) => string;
  /** The calendar day of an instant where the institution is, such as `2026-01-31`. */
  readonly dayOf: (at: number) => string;
  readonly clock: Pick<Clock, 'now'>;
  /** Told of resources that wait for a word which nobody has been asked for; whoever is asked changes the consent. */
  readonly onUnasked?: (consent: Consent, resources: readonly OfferedResource[]) => void;
}

type Ready = Extract<Reached, { readonly status: 'ready' }>;

/** What is remembered of one consent and choice of types, as long as the consent is not changed. */
interface View {
  readonly consentRevision: number;
  readonly types: SharedTypes;
  readonly asked: readonly string[];
  /** Public ids by type and reference. */
  readonly ids: ReadonlyMap<string, string>;
  /** What it came to when it was last worked out, and what that depends on. */
  readonly outcome?: {
    readonly source: unknown;
    readonly day: string;
    readonly statesRevision: number;
    readonly reached: Ready;
  };
}

/** Resources, over all consents and choices of types. */
const MOST_REMEMBERED = 500_000;
/** Every lost attempt means that another reader has recorded what it found, which is the same as a rule. */
const MOST_ATTEMPTS = 5;
const NOTHING: Ready = Object.freeze({ status: 'ready', resources: Object.freeze([]) });

/**
 * Creates what tells which resources a consent reaches, in which state each is and why. The institution is asked once for
 * each read; what it says goes through the state machine of each resource, and changes are on record before anybody hears
 * of them. While neither consent nor record nor the institution's (frozen) answer has changed, a read is a look at what
 * it came to before; the day bounds that, because what was closed or became unavailable is judged by the day.
 */
export function createReachedResources(settings: ReachedResourcesSettings): ReachedResources {
  const { profile, dayOf, clock } = settings;
  const states = createKnownStates(settings.states);
  const discovery = createDiscovery({ ...settings, states });
  const views = new LRUCache<string, View>({
    maxSize: MOST_REMEMBERED,
    sizeCalculation: ({ ids }) => 1 + ids.size,
  });

  function viewOf(consent: Consent, key: string, types: ReadonlySet<string> | undefined): View {
    const known = views.get(key);
    if (known?.consentRevision === consent.revision) return known;
    const shared = sharedTypes(consent, profile, types);
    const view = {
      consentRevision: consent.revision,
      types: shared,
      asked: Object.freeze([...shared.picked, ...shared.whole]),
      ids: known?.ids ?? new Map(),
    };
    views.set(key, view);
    return view;
  }

  /** Works out what the consent reaches, and records what is new in that; whoever loses that race looks again. */
  async function settle(
    consent: Consent,
    key: string,
    view: View,
    found: Exclude<Discovered, { readonly status: 'notReady' }>,
    isWhole: boolean,
  ): Promise<Ready> {
    const ids = rememberingIds(consent, view, settings);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const known = attempt === 0 ? await states.of(consent) : await states.reload(consent.id);
      const now = clock.now();
      const described = describeResources({
        consent,
        types: view.types,
        found,
        known,
        rules: profile.resources,
        idOf: ids.idOf,
        dayOf,
        now,
      });
      const changes = {
        states: isSaid(found) ? changedStates(described, known) : [],
        isReady: isWhole && known.readyAt === undefined,
        at: now,
      };
      const isNew = changes.isReady || changes.states.length > 0;
      const revision = isNew ? await states.record(consent.id, known, changes) : known.revision;
      if (revision === undefined) continue;
      tellUnasked(consent, described, found);
      const reached = toReached(described, found);
      const outcome = { source: sourceOf(found), day: dayOf(now), statesRevision: revision, reached };
      views.set(key, { ...view, ids: ids.used, outcome });
      return reached;
    }
    throw new Error(`states of ${consent.id} were recorded ${MOST_ATTEMPTS} times while they were read`);
  }

  function tellUnasked(
    consent: Consent,
    described: readonly DescribedResource[],
    found: Exclude<Discovered, { readonly status: 'notReady' }>,
  ): void {
    const waiting = described.filter(({ state }) => state.reason === 'NOT_ASKED');
    if (waiting.length === 0 || found.status !== 'ok') return;
    const isWaiting = ({ type, ref }: OfferedResource) =>
      waiting.some((each) => each.state.type === type && each.ref === ref);
    settings.onUnasked?.(consent, found.data.filter(isWaiting));
  }

  return {
    async read(consent, asking, types) {
      const key = types ? `${consent.id} ${[...types].join(' ')}` : consent.id;
      const view = viewOf(consent, key, types);
      if (view.asked.length === 0) return NOTHING;
      const isWhole = types === undefined;
      const found = await discovery.ask(consent, view.asked, asking, isWhole);
      if (found.status === 'notReady')
        return { status: (await discovery.isInTime(consent)) ? 'preparing' : 'overdue' };
      const { outcome } = view;
      const isKnown =
        outcome !== undefined &&
        outcome.source !== undefined &&
        outcome.source === sourceOf(found) &&
        outcome.statesRevision >= consent.resourcesRevision &&
        outcome.day === dayOf(clock.now());
      return isKnown ? outcome.reached : settle(consent, key, view, found, isWhole);
    },
  };
}

/** What tells that the institution says the same as before; undefined for an answer that may change in its place. */
function sourceOf(found: Discovered): unknown {
  if (found.status !== 'ok') return found.status;
  return Object.isFrozen(found.data) ? found.data : undefined;
}

/**
 * Whether the institution said something of the resources themselves. That it does not know the customer, or hands
 * nothing out, is told but never recorded: a state that is final should not follow from what may be a slip.
 */
function isSaid({ status }: Discovered): boolean {
  return status === 'ok' || status === 'empty';
}

function changedStates(described: readonly DescribedResource[], known: RecordedStates): RecordedState[] {
  return described
    .map(({ state }) => state)
    .filter(({ resource, status, reason }) => {
      const before = known.states.get(resource);
      return before?.status !== status || before.reason !== reason;
    });
}

function toReached(
  described: readonly DescribedResource[],
  found: Exclude<Discovered, { readonly status: 'notReady' }>,
): Ready {
  const resources = described.map(({ ref, isPurged, state: { resource: id, type, status, reason } }) =>
    Object.freeze({ type, ref, id, status, reason, ...(isPurged && { isPurged }) }),
  );
  return Object.freeze({
    status: 'ready',
    resources: Object.freeze(resources),
    ...(isSaid(found) && { owned: found.status === 'ok' ? found.data : [] }),
  });
}

/** Ids of a view's resources, each computed once; `used` are those that were asked for. */
function rememberingIds(
  { id, subject }: Consent,
  { ids }: View,
  { publicIdOf }: Pick<ReachedResourcesSettings, 'publicIdOf'>,
) {
  if (subject === undefined) throw new Error(`consent ${id} was read before anybody had authorised it`);
  const used = new Map<string, string>();
  return {
    used,
    idOf(type: string, ref: string): string {
      const key = `${type} ${ref}`;
      const known = used.get(key) ?? ids.get(key) ?? publicIdOf(subject, type, ref);
      used.set(key, known);
      return known;
    },
  };
}
