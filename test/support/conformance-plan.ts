import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { OP_MODULES } from '../conformance/modules.ts';
import {
  type AuthorizationResponse,
  approve,
  ECOSYSTEMS,
  type PushDeviation,
  type Pushed,
  pushRequest,
  type TestReceiver,
  testReceiver,
} from './conformance.ts';
import { startTestSandbox, type TestSandbox } from './start-sandbox.ts';

/** An institution of the sandbox with the two receivers that a module has. It is there once tests run, not before. */
export interface Parties {
  readonly ecosystem: string;
  readonly running: TestSandbox;
  readonly first: TestReceiver;
  readonly second: TestReceiver;
  /** Creates a consent, which awaits authorisation. The first receiver's unless another one is given. */
  awaitingConsent(receiver?: TestReceiver): Promise<string>;
  /** Pushes a request for a new consent. */
  push(deviation?: PushDeviation, receiver?: TestReceiver): Promise<PushedConsent>;
  /** A customer approves a new consent: what is left is to redeem the code. */
  authorise(receiver?: TestReceiver): Promise<AuthorisedCode>;
}

export interface PushedConsent extends Pushed {
  readonly consentId: string;
}

export interface AuthorisedCode extends PushedConsent {
  readonly code: string;
  readonly response: AuthorizationResponse;
}

/** Describes a module of the plan by its name, once for each ecosystem that has it. */
export type DescribeModule = (
  module: (typeof OP_MODULES)[number],
  scenarios: (parties: Parties) => void,
  ecosystems?: readonly string[],
) => void;

/** Starts one sandbox for the modules that a test file describes. */
export function conformancePlan(): DescribeModule {
  let running: TestSandbox | undefined;
  const receivers = new Map<string, readonly TestReceiver[]>();
  before(async () => {
    running = await startTestSandbox();
    for (const ecosystem of ECOSYSTEMS) {
      const first = await testReceiver(running, 0, ecosystem);
      const second = await testReceiver(running, 1, ecosystem);
      receivers.set(ecosystem, [first, second]);
    }
  });

  return (module, scenarios, ecosystems = ECOSYSTEMS) =>
    describe(module, () => {
      after(() => assert.deepEqual(running?.logged, [], 'what a receiver does wrong is no fault of ours'));
      for (const ecosystem of ecosystems)
        describe(`given an institution of ${ecosystem}`, () =>
          scenarios(
            createParties(
              ecosystem,
              () => running as TestSandbox,
              (index) => receivers.get(ecosystem)?.[index] as TestReceiver,
            ),
          ));
    });
}

/** Scenarios are described before there is a sandbox; they are run when there is one. */
function createParties(
  ecosystem: string,
  sandbox: () => TestSandbox,
  receiverAt: (index: number) => TestReceiver,
): Parties {
  const parties: Parties = {
    ecosystem,
    get running() {
      return sandbox();
    },
    get first() {
      return receiverAt(0);
    },
    get second() {
      return receiverAt(1);
    },

    awaitingConsent: ({ connection } = parties.first) => sandbox().awaitingConsent(connection, ecosystem),

    async push(deviation, receiver = parties.first) {
      const consentId = await parties.awaitingConsent(receiver);
      return { ...(await pushRequest(receiver, consentId, deviation)), consentId };
    },

    async authorise(receiver = parties.first) {
      const pushed = await parties.push({}, receiver);
      const response = await approve(sandbox(), receiver, pushed.url());
      if (response.code === undefined) throw new Error(`no code came back: ${response.error}`);
      return { ...pushed, response, code: response.code };
    },
  };
  return parties;
}
