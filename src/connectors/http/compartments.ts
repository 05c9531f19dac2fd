import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { BadAnswer } from './bad-answer.ts';
import { ConnectorAway } from './connector-away.ts';
import { ConnectorLate } from './connector-late.ts';
import type { CoreOperationName } from './core-contract.ts';
import { type Circuit, type CircuitSettings, createCircuit, type OnCircuit } from './create-circuit.ts';

export interface CompartmentSettings {
  /** Calls under way at once in each. */
  readonly concurrency: number;
  /** Calls that wait in each. */
  readonly queue: number;
  readonly circuit: CircuitSettings;
  readonly onCircuit: OnCircuit;
}

/** What keeps the calls of one operation and API from those of all others. */
export interface Compartment {
  /**
   * Does the work when it is its turn. Rejects with {@link ConnectorAway} when too many calls wait already. Whoever
   * stops waiting gives up the turn with the signal.
   */
  enter<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result>;
  readonly circuit: Circuit;
}

export interface Compartments {
  of(operation: CoreOperationName, api: string | undefined): Compartment;
  circuits(): readonly Circuit[];
}

/** Operations times APIs; contracts can be dropped in, so there is no telling how many there are. */
const MOST_COMPARTMENTS = 1_000;

/** Creates the compartments, each when it is first needed. */
export function createCompartments(settings: CompartmentSettings): Compartments {
  const made = new LRUCache<string, Compartment>({ max: MOST_COMPARTMENTS });
  return {
    of(operation, api) {
      const name = api === undefined ? operation : `${operation} of ${api}`;
      const compartment = made.get(name) ?? createCompartment(name, settings);
      made.set(name, compartment);
      return compartment;
    },
    circuits: () => [...made.values()].map(({ circuit }) => circuit),
  };
}

function createCompartment(name: string, settings: CompartmentSettings): Compartment {
  const { concurrency, queue, onCircuit } = settings;
  const room = bulkhead(concurrency, queue);
  const circuit = createCircuit(settings.circuit, {
    name,
    // Connections that fail are everybody's, and counted by the circuit that they share.
    counts: (error) =>
      error instanceof ConnectorLate || (error instanceof ConnectorAway && error.reason === 'failing'),
    proves: (error) => error instanceof BadAnswer,
    onCircuit,
  });
  return {
    circuit,
    async enter(signal, work) {
      try {
        return await room.execute(work, signal);
      } catch (error) {
        throw error instanceof BulkheadRejectedError
          ? new ConnectorAway('busy', `too many calls wait for ${name} of the institution's systems`)
          : error;
      }
    },
  };
}
