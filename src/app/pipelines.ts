import { answerProblem, type Call, type Step } from '../contract/call.ts';
import { checkHeaders } from '../contract/check-headers.ts';
import { checkParameters } from '../contract/check-parameters.ts';
import { checkVersion } from '../contract/check-version.ts';
import type { OperationKind } from '../contract/operation.ts';
import { checkAccept } from '../http/check-accept.ts';
import { readBody } from '../http/read-body.ts';
import { createProblem } from '../kernel/problem.ts';

/** What the features bring to the table: the steps that are theirs. */
export interface FeatureSteps {
  /** Holds the traffic limits: 429, or 529 where the contract has it, with `retry-after`. */
  readonly checkLimits: Step;
  /** The prepared page of a dataset; 400, 404 or 422 where there is none. */
  readonly readOpenData: Step;
  /** How the institution is, computed from its real health. */
  readonly readStatus: Step;
  /** Outages announced, running and past. */
  readonly readOutages: Step;
  /** Lets only the regulator's addresses pass: 403. */
  readonly checkRegulator: Step;
  /** The regulatory report; 503 while the database is away. */
  readonly readMetrics: Step;
  /** Demands a participant's certificate, a token bound to it, its scopes, and the consent that it belongs to: 401, 403. */
  readonly authenticate: Step;
  /** The body against its contract: 400. */
  readonly checkBody: Step;
  /** Creates, reads, ends and renews consents. */
  readonly serveConsents: Step;
  /** What a consent reaches, and in which state it is. */
  readonly readResources: Step;
  /** What a consent opens of an API of customer data, from the institution's systems. */
  readonly readCustomerData: Step;
}

/**
 * Start reading here. What happens to a request is one column of this table: its steps from top to bottom, until one
 * answers. Before the first step the interaction id has been read and the query decoded; after the last one, `http/`
 * writes the answer. A kind without a column says why it is not served.
 *
 *                        open-data  status  outages  metrics  consents  resources  customer-data
 *   checkLimits              x        x        x        x        x          x            x        429 beyond what one address, or all together, may ask
 *   checkAccept              x        x        x        x        x          x            x        406 unless the caller takes JSON
 *   checkVersion             x        x        x        x        x          x            x        406 unless x-v and x-min-v admit the version in use
 *   authenticate                                                 x          x            x        401, 403 unless certificate, token and consent are in order
 *   checkHeaders                                                 x          x            x        400 for a header outside its contract
 *   checkParameters          x        x        x        x        x          x            x        400 for a path or query parameter outside its contract
 *   readBody, checkBody                                          x                                400, 413, 415 for a body outside its contract
 *   checkRegulator                                      x                                         403 unless the address is the regulator's
 *   read..., serve...        x        x        x        x        x          x            x        the answer
 */
export function createPipelines(feature: FeatureSteps): Pipelines {
  const first = [feature.checkLimits, checkAccept, checkVersion];
  const open = [...first, checkParameters];
  const closed = [...first, feature.authenticate, checkHeaders, checkParameters];
  return {
    'open-data': { steps: [...open, feature.readOpenData] },
    status: { steps: [...open, feature.readStatus] },
    outages: { steps: [...open, feature.readOutages] },
    metrics: { steps: [...open, feature.checkRegulator, feature.readMetrics] },
    consents: { steps: [...closed, readBody, feature.checkBody, feature.serveConsents] },
    resources: { steps: [...closed, feature.readResources] },
    'customer-data': { steps: [...closed, feature.readCustomerData] },
    ...NOT_SERVED,
  };
}

/** What the sandbox directory brings to its table. */
export interface DirectorySteps {
  readonly checkBody: Step;
  /** Demands a token of the directory, bound to the caller's certificate: 401. */
  readonly authenticate: Step;
  /** Demands a role that may do what is called for: 403. */
  readonly authorize: Step;
  readonly readParticipants: Step;
  readonly serveDirectory: Step;
}

/**
 * The same for the sandbox directory, which is a program of its own.
 *
 *                        participants  directory
 *   checkAccept               x            x
 *   authenticate                           x      401 without a token of the directory, or from another's certificate
 *   authorize                              x      403 unless the caller has a role for it
 *   checkParameters           x            x
 *   readBody, checkBody                    x
 *   read..., serve...         x            x
 */
export function createDirectoryPipelines(
  feature: DirectorySteps,
): Readonly<Record<'participants' | 'directory', Pipeline>> {
  const { authenticate, authorize, checkBody, readParticipants, serveDirectory } = feature;
  return {
    participants: { steps: [checkAccept, checkParameters, readParticipants] },
    directory: {
      steps: [checkAccept, authenticate, authorize, checkParameters, readBody, checkBody, serveDirectory],
    },
  };
}

/** The steps of each kind of operation; `reason` is set for kinds that are not served and answer 404. */
export type Pipelines = Readonly<Record<OperationKind, Pipeline>>;

export interface Pipeline {
  readonly steps: readonly Step[];
  readonly reason?: string;
}

/** Kinds that this version cannot serve, and why, as `guiche routes` says it. */
export const NOT_SERVED = {
  participants: notServed('the list of participants is served by `guiche directory`'),
  directory: notServed('the directory is served by `guiche directory`'),
} as const satisfies Partial<Record<OperationKind, Pipeline>>;

/** Consents of an ecosystem in which nobody is configured to hold any. */
export const NO_INSTITUTION = notServed('the configuration names no institution of this ecosystem');

/** Kinds that need an institution of their ecosystem, and are served by the mTLS listener. */
export const CONSENTED_KINDS: ReadonlySet<OperationKind> = new Set([
  'consents',
  'resources',
  'customer-data',
]);

function notServed(reason: string): Pipeline {
  const answerNotServed = (_call: Call) => answerProblem(createProblem('OPERACAO_NAO_DISPONIVEL'));
  return { steps: [answerNotServed], reason };
}
