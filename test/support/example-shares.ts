import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ConsentProfile } from '../../src/consents/consent-profile.ts';
import type { CustomFetch } from '../../src/receiver/mtls-fetch.ts';
import { type ExampleInstitution, type ExampleOwner, exampleProfile } from './example-customers.ts';
import type { Json } from './send-request.ts';
import { answerAsApprover, shareAsCustomer } from './share-as-customer.ts';
import type { TestSandbox } from './start-sandbox.ts';

/** A consent of a customer or a company, and what it reaches. */
export interface Share {
  readonly owner: ExampleOwner;
  readonly accessToken: string;
  /** Public ids of resources that are available, by type. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
}

/** Example customers as the first receiver's. */
export interface ExampleShares {
  /** Everything that an owner has; asked for once. */
  all(institution: ExampleInstitution, owner: ExampleOwner): Promise<Share>;
  /** What these permissions open of it; a consent of its own. */
  some(institution: ExampleInstitution, owner: ExampleOwner, permissions: readonly string[]): Promise<Share>;
}

/** Has example customers share with the first receiver of a sandbox, which calls with `fetch`. */
export function createExampleShares(running: TestSandbox, fetch: CustomFetch): ExampleShares {
  const known = new Map<string, Promise<Share>>();

  /** A person shares what is theirs; whoever acts for a company shares what is its, and the others approve. */
  async function some(
    institution: ExampleInstitution,
    owner: ExampleOwner,
    permissions: readonly string[],
  ): Promise<Share> {
    const { ecosystem } = institution;
    const profile = exampleProfile(institution);
    const isCompany = owner.person === 'legal';
    const [actor, ...further] = running
      .customers(ecosystem)
      .filter(
        ({ document, businessDocument }) => (isCompany ? businessDocument : document) === owner.document,
      );
    assert.ok(actor, 'somebody acts for the owner');
    const connection = await running.connect(0, ecosystem);
    const scopes = new Set(permissions.flatMap((name) => profile.permissions.get(name)?.scope ?? []));
    const { accessToken, consentId } = await shareAsCustomer(running, 0, connection, {
      ecosystem,
      login: actor.login,
      permissions,
      choices: choicesOf(profile, owner, permissions),
      scopes: [...scopes],
      ...(isCompany && { company: owner.document }),
    });
    for (const { login, document } of further) {
      const answers = approvalsOf(owner, document);
      if (Object.keys(answers).length > 0)
        await answerAsApprover(running, ecosystem, login, consentId, answers);
    }
    return { owner, accessToken, ids: await availableIds(ecosystem, accessToken) };
  }

  async function availableIds(ecosystem: string, accessToken: string): Promise<Share['ids']> {
    const answer = await fetch(`${running.institution(ecosystem).resourcesUrl}?page-size=1000`, {
      method: 'GET',
      headers: { authorization: `Bearer ${accessToken}`, 'x-fapi-interaction-id': randomUUID() },
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
      body: undefined,
    });
    assert.equal(answer.status, 200);
    const { data } = (await answer.json()) as Json;
    const available = data.filter(({ status }: Json) => status === 'AVAILABLE');
    const types: string[] = available.map(({ type }: Json) => type);
    const idsOf = (wanted: string) =>
      available.flatMap(({ type, resourceId }: Json) => (type === wanted ? [resourceId] : []));
    return new Map(types.map((type) => [type, idsOf(type)]));
  }

  return {
    some,
    all(institution, owner) {
      const making = known.get(owner.document) ?? some(institution, owner, permissionsOf(institution, owner));
      known.set(owner.document, making);
      return making;
    },
  };
}

/** All that persons of the owner's kind can share. */
function permissionsOf(institution: ExampleInstitution, { person }: ExampleOwner): string[] {
  const { groups, permissions, companion = '' } = exampleProfile(institution);
  const wanted = groups
    .filter(({ rule }) => rule !== 'exclusive')
    .flatMap((group) => group.permissions)
    .filter((name) => [person, 'any'].includes(permissions.get(name)?.person ?? ''));
  return [...new Set([...wanted, companion])];
}

/** Everything of what customers pick one by one. */
function choicesOf(
  { groups, permissions: known }: ConsentProfile,
  { resources }: ExampleOwner,
  permissions: readonly string[],
): Record<string, string[]> {
  const picked = groups
    .filter(({ selection }) => selection === 'individual')
    .flatMap((group) => group.permissions.filter((name) => permissions.includes(name)))
    .flatMap((name) => known.get(name)?.resourceType ?? []);
  const choices = [...new Set(picked)].map((type): [string, string[]] => [
    `escolha-${type}`,
    resources.filter((resource) => resource.type === type).map(({ ref }) => ref),
  ]);
  return Object.fromEntries(choices.filter(([, refs]) => refs.length > 0));
}

/** An approver says yes to whatever waits for their word. */
function approvalsOf({ resources }: ExampleOwner, document: string): Record<string, string> {
  return Object.fromEntries(
    resources
      .filter(({ approvers }) => approvers.includes(document))
      .map(({ type, ref }) => [`resposta-${type}-${ref}`, 'sim']),
  );
}
