/**
 * Prints what a customer has at both example institutions, as a receiver of data sees it.
 *
 *     node examples/receiver/consolidated-view.ts sandbox.json
 */
import {
  type Access,
  type ConsentedResource,
  connectHolder,
  createReceiver,
  findHolder,
  HolderRefusal,
  type Receiver,
  read,
  records,
  resources,
  restoreAccess,
} from 'guiche/receiver';
import { readKeys, readSandbox, type Sandbox, type SandboxConsent } from './read-sandbox.ts';

interface Money {
  readonly amount: string;
  readonly currency: string;
}

interface Account {
  readonly accountId: string;
  readonly type: string;
  readonly branchCode?: string;
  readonly number: string;
  readonly checkDigit: string;
}

interface Policy {
  readonly productName?: string;
  readonly termStartDate?: string;
  readonly termEndDate?: string;
}

/** Where the details of a resource are, by its type. */
const DETAILS: Readonly<Record<string, { family: string; path: string; id: string }>> = {
  DAMAGES_AND_PEOPLE_AUTO: policyOf('insurance-auto'),
  DAMAGES_AND_PEOPLE_HOUSING: policyOf('insurance-housing'),
  DAMAGES_AND_PEOPLE_PATRIMONIAL: policyOf('insurance-patrimonial'),
  DAMAGES_AND_PEOPLE_PERSON: policyOf('insurance-person'),
  DAMAGES_AND_PEOPLE_RESPONSIBILITY: policyOf('insurance-responsibility'),
  FINANCIAL_ASSISTANCE: {
    family: 'insurance-financial-assistance',
    path: '/insurance-financial-assistance/{contractId}/contract-info',
    id: 'contractId',
  },
};

function policyOf(family: string) {
  return { family, path: `/${family}/{policyId}/policy-info`, id: 'policyId' };
}

const [file = '-'] = process.argv.slice(2);
const sandbox = await readSandbox(file);
const [identity] = sandbox.receivers;
if (!identity) throw new Error('the sandbox has no receiver');
const receiver = createReceiver({ keys: readKeys(identity) });
try {
  console.log(`What the customer shares with ${identity.name}`);
  for (const consent of sandbox.consents) {
    const { name } = sandbox.institutions.find(({ ecosystem }) => ecosystem === consent.ecosystem) ?? {};
    if (name === undefined) continue;
    const access = await openAccess(receiver, sandbox, { ...consent, holder: name });
    console.log(`\n${name}`);
    for (const line of await describe(access)) console.log(`  ${line}`);
  }
} finally {
  await receiver.close();
}

/** Goes on with a consent that the customer has given before. */
async function openAccess(
  reader: Receiver,
  { directory, receivers }: Sandbox,
  {
    holder: name,
    ecosystem,
    consentId,
    accessToken,
    refreshToken,
  }: SandboxConsent & { readonly holder: string },
): Promise<Access> {
  const holder = await findHolder(reader, directory.participantsUrl, { name });
  const clientId = receivers[0]?.clientIds[ecosystem] ?? '';
  const connection = await connectHolder(reader, { holder, clientId });
  // Nobody has kept when the access token ends: with a moment that has passed, the first read refreshes it. A receiver
  // with a database keeps what onTokens tells.
  return restoreAccess(connection, { consentId, accessToken, refreshToken, expiresAt: 0 });
}

async function describe(access: Access): Promise<string[]> {
  const shared = await resources(access).poll({ maxWaitMs: 60_000 });
  const accounts = shared.filter(({ type }) => type === 'ACCOUNT');
  const detailed = shared.filter(({ type }) => type in DETAILS);
  const others = shared.filter(({ type }) => type !== 'ACCOUNT' && !(type in DETAILS));
  return [
    ...(accounts.length > 0 ? await describeAccounts(access) : []),
    ...(await Promise.all(detailed.map((resource) => describeResource(access, resource)))),
    ...countOf(others),
  ];
}

async function describeAccounts(access: Access): Promise<string[]> {
  const lines: string[] = [];
  let cents = 0n;
  for await (const account of records<Account>(access, { family: 'accounts', path: '/accounts' })) {
    const { accountId, type, branchCode = '', number, checkDigit } = account;
    const { body } = await read<{ data: { availableAmount: Money } }>(
      access,
      { family: 'accounts', path: '/accounts/{accountId}/balances', params: { accountId } },
      { resourceId: accountId },
    );
    const { amount, currency } = body.data.availableAmount;
    lines.push(`${type} ${branchCode}/${number}-${checkDigit}: ${amount} ${currency}`);
    if (currency === 'BRL') cents += centsOf(amount);
  }
  return [...lines, `available altogether: ${amountOf(cents)} BRL`];
}

async function describeResource(
  access: Access,
  { type, resourceId, status }: ConsentedResource,
): Promise<string> {
  const { family, path, id } = DETAILS[type] as { family: string; path: string; id: string };
  if (status !== 'AVAILABLE') return `${type}: ${status}`;
  try {
    const target = { family, path, params: { [id]: resourceId } };
    const { body } = await read<{ data: Policy }>(access, target, { resourceId });
    const { productName, termStartDate, termEndDate } = body.data;
    const term =
      termStartDate === undefined ? [] : [`from ${termStartDate} to ${termEndDate ?? 'further notice'}`];
    return [`${type} ${resourceId.slice(0, 8)}: ${productName ?? 'read'}`, ...term].join(', ');
  } catch (error) {
    if (!(error instanceof HolderRefusal)) throw error;
    return `${type}: ${error.reason.kind}, now ${error.currentState ?? 'unknown'}`;
  }
}

function countOf(shared: readonly ConsentedResource[]): string[] {
  const byKind = Map.groupBy(shared, ({ type, status }) => `${type}: ${status}`);
  return [...byKind].map(([kind, { length }]) => (length === 1 ? kind : `${kind}, ${length} of them`));
}

/** Amounts have two to four decimals; whole cents are enough for a sum to look at. */
function centsOf(amount: string): bigint {
  const [whole = '0', decimals = ''] = amount.split('.');
  const cents = BigInt(decimals.padEnd(2, '0').slice(0, 2));
  return BigInt(whole) * 100n + (whole.startsWith('-') ? -cents : cents);
}

function amountOf(cents: bigint): string {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
