import type { CallNotes } from '../contract/call-notes.ts';
import { type Finding, TOPICS, type Topic } from './finding.ts';
import { wordReason } from './word-reason.ts';

/**
 * Words what the steps of a call have noted, in the order in which they look; topics without a note are left out.
 *
 * @param decided the topic that the refusal is about, where the refusal tells it
 */
export function describeNotes(notes: CallNotes, decided: Topic | undefined): Finding[] {
  return TOPICS.flatMap((topic) => {
    const described = DESCRIBE[topic]?.(notes, topic === decided);
    if (!described) return [];
    return [{ topic, outcome: described.isFine ? 'fine' : 'fault', text: described.text } as const];
  });
}

interface Described {
  readonly isFine: boolean;
  readonly text: string;
}

/** `isDecisive` is true where a refusal says that this is what it is about. */
type Describe = (notes: CallNotes, isDecisive: boolean) => Described | undefined;
type Note<Name extends keyof CallNotes> = NonNullable<CallNotes[Name]>;

const DESCRIBE: Readonly<Partial<Record<Topic, Describe>>> = {
  limits: ({ limits }) => limits && describeLimits(limits),
  certificate: ({ certificate }) => certificate && describeCertificate(certificate),
  token: ({ token }) => token && describeToken(token),
  consent: ({ consent }, isDecisive) => consent && describeConsent(consent, isDecisive),
  permission: ({ permission }) => permission && describePermission(permission),
  resource: ({ resource }, isDecisive) => resource && describeResource(resource, isDecisive),
  connector: ({ connector }) => connector && describeConnector(connector),
  validation: ({ validation }) => validation && describeValidation(validation),
};

/** Limits by their names in the notes. */
const LIMITS: Readonly<Record<string, string | undefined>> = {
  address: 'requests of the address',
  all: 'requests of everybody',
};

function describeLimits(limits: Note<'limits'>): Described {
  return {
    isFine: Object.values(limits).every(({ count, limit }) => count <= limit),
    text: Object.entries(limits)
      .map(([name, { count, limit }]) => `${LIMITS[name] ?? name}: ${count} of ${limit}`)
      .join(', '),
  };
}

function describeCertificate(certificate: Note<'certificate'>): Described {
  const { isTrusted, reason, organisationId, softwareId, thumbprint } = certificate;
  if (!isTrusted) return { isFine: false, text: `the certificate is not trusted${because(reason)}` };
  const whose = [
    ...named('organisation', organisationId),
    ...named('software', softwareId),
    ...named('thumbprint', thumbprint),
  ];
  return { isFine: true, text: ['the directory vouches for it', ...whose].join(', ') };
}

const TOKEN_FAULTS = {
  absent: 'the `authorization` header is missing',
  malformed: 'the `authorization` header holds no bearer token',
  unknown: 'the token is unknown: never issued, revoked, or of the other kind',
  expired: 'the token has expired',
  'bound-to-another-certificate': 'the token belongs to another certificate',
} as const;

/** With these nothing is known of the token itself. */
const UNREAD: ReadonlySet<string> = new Set(['absent', 'malformed', 'unknown']);

function describeToken({ kind, clientId, expiresAt, fault, missingScopes = [] }: Note<'token'>): Described {
  const sort = kind === 'customer' ? 'of a consent' : "of the receiver's own";
  const whose = [
    sort,
    ...named('client', clientId),
    ...named('until', expiresAt === undefined ? undefined : instant(expiresAt)),
  ].join(', ');
  if (fault && UNREAD.has(fault))
    return { isFine: false, text: `${TOKEN_FAULTS[fault]}; the operation takes one ${sort}` };
  if (fault) return { isFine: false, text: `${TOKEN_FAULTS[fault] ?? fault} (${whose})` };
  if (missingScopes.length > 0)
    return { isFine: false, text: `the token lacks the scope ${missingScopes.join(', ')} (${whose})` };
  return { isFine: true, text: whose };
}

const CONSENT_FAULTS = {
  unknown: 'there is no such consent in the ecosystem',
  'of-another-receiver': 'it is of another receiver',
  'of-another-grant': 'the token is of an earlier authorisation of it',
  'of-another-customer': "the token is another customer's",
} as const;

function describeConsent({ id, status, revision, fault }: Note<'consent'>, isDecisive: boolean): Described {
  const state = status === undefined ? '' : ` is ${status}`;
  const at = revision === undefined ? '' : ` (revision ${revision})`;
  const isFine = fault === undefined && !isDecisive;
  // That it is not authorised is said by its status.
  const why = fault === undefined || fault === 'not-authorised' ? '' : `: ${CONSENT_FAULTS[fault] ?? fault}`;
  return { isFine, text: `${isFine ? '' : 'the consent '}${id}${state}${at}${why}` };
}

function describePermission({ asked, isGranted, reason }: Note<'permission'>): Described {
  const names = asked.length === 0 ? 'a permission for the operation' : asked.join(', ');
  return isGranted
    ? { isFine: true, text: `the consent has ${names}` }
    : { isFine: false, text: `the consent does not have ${names}${because(reason)}` };
}

function describeResource(resource: Note<'resource'>, isDecisive: boolean): Described {
  const { id, type, status, reason, shared } = resource;
  const kind = type === undefined ? '' : ` (${type})`;
  const state = status === undefined ? '' : ` is ${status}`;
  const which = id === undefined ? [] : [`the resource ${id}${kind}${state}${because(reason)}`];
  const why = id === undefined && reason !== undefined ? [wordReason(reason)] : [];
  const count = shared === undefined ? [] : [`the consent shares ${shared} that the call could read`];
  return {
    isFine: !isDecisive,
    text: [...which, ...why, ...count].join('; ') || 'the resource was looked for',
  };
}

const OUTCOMES: Readonly<Record<string, string | undefined>> = {
  ok: 'answered',
  empty: 'answered that there is nothing',
  notReady: 'are still preparing the data: so they said',
  notFound: 'do not know what was asked for: so they said',
  refused: 'refused to answer',
  away: 'failed',
};
const GOOD_OUTCOMES: ReadonlySet<string> = new Set(['ok', 'empty']);

function describeConnector(connector: Note<'connector'>): Described {
  const { name, outcome, waitedMs, budgetMs, asOf, isSnapshot = false } = connector;
  const [waited, budget] = [Math.round(waitedMs), Math.round(budgetMs)];
  const what =
    outcome === 'late'
      ? `did not answer within ${budget} ms`
      : `${OUTCOMES[outcome] ?? outcome} after ${waited} ms of ${budget} ms`;
  const age = asOf === undefined ? '' : ` as of ${instant(asOf)}`;
  const data = isSnapshot
    ? `; an answer from before was served in its place,${age || ' of unknown age'}`
    : age && `,${age}`;
  return {
    isFine: GOOD_OUTCOMES.has(outcome) && !isSnapshot,
    text: `the institution's systems (connector ${name}) ${what}${data}`,
  };
}

function describeValidation({ records, broken, foreign, pointer, reason }: Note<'validation'>): Described {
  const faults = [
    ...(broken > 0 ? [`${broken} of ${records} records break the contract`] : []),
    ...(foreign > 0 ? [`${foreign} of ${records} records are of somebody or something else`] : []),
  ];
  if (faults.length === 0)
    return { isFine: true, text: `${counted(records)} checked against the contract, none at fault` };
  const first = [pointer, reason].filter((part) => part !== undefined).join(': ');
  return { isFine: false, text: `${faults.join(' and ')}${first && `; the first at ${first}`}` };
}

function counted(records: number): string {
  return records === 1 ? '1 record' : `${records} records`;
}

function named(what: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${what} ${value}`];
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${wordReason(reason)}`;
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
