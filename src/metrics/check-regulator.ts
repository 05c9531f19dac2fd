import { answerProblem, type Step } from '../contract/call.ts';
import { createAddressList } from '../kernel/address-list.ts';
import { createProblem } from '../kernel/problem.ts';

/**
 * Creates the step that lets only the regulator's side read the regulatory metrics: 403 for every other address, and
 * for a call whose address is unknown.
 *
 * @param allow addresses and CIDR ranges
 */
export function createCheckRegulator({ allow }: { readonly allow: readonly string[] }): Step {
  const isAllowed = createAddressList(allow);
  return ({ client }) =>
    client !== undefined && isAllowed(client) ? undefined : answerProblem(createProblem('ACESSO_RESTRITO'));
}
