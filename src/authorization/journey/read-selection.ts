import type { OfferedResource } from '../../connectors/customer.ts';
import type { PickedResource, Selection } from '../../consents/consent.ts';
import type { Choice, ConsentOffer } from './consent-offer.ts';

/** Why a choice cannot be taken. */
export interface ChoiceFault {
  readonly field: string;
  /** Nothing is picked; or what is picked is not there any more. */
  readonly reason: 'none' | 'gone';
}

export type SelectionReading =
  | { readonly selection: Selection }
  | { readonly faults: readonly ChoiceFault[] };

/**
 * What the customer has picked: at least one of every type they have. Whoever must approve besides them is asked, for
 * what is shared as a whole too.
 *
 * @param form values of each choice's field
 * @param cpf whose selection it is
 */
export function readSelection(offer: ConsentOffer, form: URLSearchParams, cpf: string): SelectionReading {
  const choices = offer.categories.flatMap((category) => category.choices);
  const faults = choices.flatMap((choice) => checkChoice(choice, form.getAll(choice.field)));
  if (faults.length > 0) return { faults };
  const picked = choices.flatMap(({ field, resources }) =>
    resources.filter(({ ref }) => form.getAll(field).includes(ref)),
  );
  const shared = offer.categories.flatMap(({ whole }) => whole?.resources ?? []);
  const waiting = shared.filter((resource) => approversOf(resource, cpf).length > 0);
  return { selection: toSelection([...picked, ...waiting], cpf) };
}

function checkChoice({ field, resources }: Choice, refs: readonly string[]): ChoiceFault[] {
  if (refs.some((ref) => !resources.some((resource) => resource.ref === ref)))
    return [{ field, reason: 'gone' }];
  return resources.length > 0 && refs.length === 0 ? [{ field, reason: 'none' }] : [];
}

function toSelection(resources: readonly OfferedResource[], cpf: string): Selection {
  const picked = resources.map(
    (resource): PickedResource => ({
      type: resource.type,
      ref: resource.ref,
      awaiting: approversOf(resource, cpf),
      isRefused: false,
    }),
  );
  const approvers = new Set(picked.flatMap(({ awaiting }) => awaiting));
  return {
    resources: picked,
    approvals: [...approvers].map((approver) => ({ approver, decision: 'PENDING' as const })),
  };
}

function approversOf({ approvers }: OfferedResource, cpf: string): string[] {
  return [...new Set(approvers)].filter((approver) => approver !== cpf);
}
