import { answerProblem, type Call, type Step } from '../contract/call.ts';
import { checkParameters } from '../contract/check-parameters.ts';
import { checkVersion } from '../contract/check-version.ts';
import type { OperationKind } from '../contract/operation.ts';
import { checkAccept } from '../http/check-accept.ts';
import { createProblem } from '../kernel/problem.ts';
import type { OpenData } from '../open-data/open-data.ts';

/**
 * Start reading here. What happens to a request is one column of this table: its steps from top to bottom, until one
 * answers. Before the first step the interaction id has been read and the query decoded; after the last one, `http/`
 * writes the answer. A kind without a column says why it is not served.
 *
 *                         open-data
 *   checkAccept               x         406 unless the caller takes JSON
 *   checkVersion              x         406 unless x-v and x-min-v admit the version in use
 *   checkParameters           x         400 for a path or query parameter outside its contract
 *   readOpenData              x         the prepared page; 400, 404 or 422 where there is none
 */
export function createPipelines(features: { readonly openData: Pick<OpenData, 'read'> }): Pipelines {
  const readOpenData: Step = (call) => features.openData.read(call);
  return {
    'open-data': { steps: [checkAccept, checkVersion, checkParameters, readOpenData] },
    status: notServed('this version of guiche does not report its own status'),
    outages: notServed('this version of guiche does not publish outages'),
    metrics: notServed('this version of guiche does not keep the regulatory metrics'),
    consents: notServed('this version of guiche has no authorization server, so it holds no consents'),
    resources: notServed(
      'this version of guiche has no authorization server, so no consent reaches any resource',
    ),
    'customer-data': notServed(
      'this version of guiche has no authorization server, so consented data stays closed',
    ),
    participants: notServed('this version of guiche is not a directory'),
    directory: notServed('this version of guiche is not a directory'),
  };
}

/** Why files are not read for kinds other than open data, and methods other than GET. */
export const ONLY_GET = 'open data is read with GET only';

/** The steps of each kind of operation; `reason` is set for kinds that are not served and answer 404. */
export type Pipelines = Readonly<Record<OperationKind, Pipeline>>;

export interface Pipeline {
  readonly steps: readonly Step[];
  readonly reason?: string;
}

function notServed(reason: string): Pipeline {
  const answerNotServed = (_call: Call) => answerProblem(createProblem('OPERACAO_NAO_DISPONIVEL'));
  return { steps: [answerNotServed], reason };
}
