import { answerProblem, type Call, type Step } from '../contract/call.ts';
import { checkParameters } from '../contract/check-parameters.ts';
import { checkVersion } from '../contract/check-version.ts';
import type { OperationKind } from '../contract/operation.ts';
import { checkAccept } from '../http/check-accept.ts';
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
}

/**
 * Start reading here. What happens to a request is one column of this table: its steps from top to bottom, until one
 * answers. Before the first step the interaction id has been read and the query decoded; after the last one, `http/`
 * writes the answer. A kind without a column says why it is not served.
 *
 *                        open-data  status  outages  metrics
 *   checkLimits              x        x        x        x      429 beyond what one address, or all together, may ask
 *   checkAccept              x        x        x        x      406 unless the caller takes JSON
 *   checkVersion             x        x        x        x      406 unless x-v and x-min-v admit the version in use
 *   checkParameters          x        x        x        x      400 for a path or query parameter outside its contract
 *   checkRegulator                                      x      403 unless the address is the regulator's
 *   read...                  x        x        x        x      the answer
 */
export function createPipelines(feature: FeatureSteps): Pipelines {
  const common = [feature.checkLimits, checkAccept, checkVersion, checkParameters];
  return {
    'open-data': { steps: [...common, feature.readOpenData] },
    status: { steps: [...common, feature.readStatus] },
    outages: { steps: [...common, feature.readOutages] },
    metrics: { steps: [...common, feature.checkRegulator, feature.readMetrics] },
    ...NOT_SERVED,
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
  consents: notServed('this version of guiche has no authorization server, so it holds no consents'),
  resources: notServed(
    'this version of guiche has no authorization server, so no consent reaches any resource',
  ),
  'customer-data': notServed(
    'this version of guiche has no authorization server, so consented data stays closed',
  ),
  participants: notServed('this version of guiche is not a directory'),
  directory: notServed('this version of guiche is not a directory'),
} as const satisfies Partial<Record<OperationKind, Pipeline>>;

function notServed(reason: string): Pipeline {
  const answerNotServed = (_call: Call) => answerProblem(createProblem('OPERACAO_NAO_DISPONIVEL'));
  return { steps: [answerNotServed], reason };
}
