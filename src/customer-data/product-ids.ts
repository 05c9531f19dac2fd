import type { Operation } from '../contract/operation.ts';
import { recordMembers } from './record-members.ts';

/** How an operation names what it is about. */
export interface Addressing {
  /** Names of the path parameters, in their order. */
  readonly parameters: readonly string[];
  /** The path parameter, and member of records, that has the id of a resource; undefined where the API has none. */
  readonly idName: string | undefined;
  /** True when the first path parameter is that id, and not one of something below a resource. */
  readonly isBelowResource: boolean;
  /** Which of a connector's methods reads it. */
  readonly method: 'list' | 'get' | 'children';
  /** What the path goes on with after its first parameter, such as `bills/{billId}/transactions`; empty where it ends. */
  readonly rest: string;
}

/** Whether records are resources themselves, each with its own id, as in the list of an API. */
export function isListOfResources({ idName, parameters }: Addressing): boolean {
  return idName !== undefined && parameters.length === 0;
}

/**
 * Makes the function that tells how an operation names resources, from the contracts alone: the list of an API, which
 * has no path parameter, has records with a member called like the path parameter of its other operations.
 *
 * @param operations of the ecosystem; those of one API and major version explain each other
 */
export function createAddressing(operations: readonly Operation[]): (operation: Operation) => Addressing {
  const known = new WeakMap<Operation, Addressing>();
  const reads = operations.filter(({ kind, method }) => kind === 'customer-data' && method === 'GET');

  function address(operation: Operation): Addressing {
    const siblings = reads.filter((other) => apiOf(other) === apiOf(operation));
    const candidates = new Set(siblings.flatMap((other) => pathParameters(other).slice(0, 1)));
    const parameters = pathParameters(operation);
    const [first] = parameters;
    if (first === undefined)
      return {
        parameters,
        idName: idOfRecords(operation, candidates),
        isBelowResource: false,
        method: 'list',
        rest: '',
      };
    const ids = siblings
      .filter((other) => pathParameters(other).length === 0)
      .flatMap((list) => idOfRecords(list, candidates) ?? []);
    // An API without a list has nothing that would tell: the first id is then taken to be a resource's.
    const isBelowResource = ids.length === 0 || ids.includes(first);
    const rest = operation.path.slice(operation.path.indexOf('}') + 1).replace(/^\//, '');
    const method = rest === '' ? 'get' : 'children';
    return { parameters, idName: isBelowResource ? first : ids[0], isBelowResource, method, rest };
  }

  return (operation) => {
    const found = known.get(operation) ?? address(operation);
    known.set(operation, found);
    return found;
  };
}

function idOfRecords({ answer }: Operation, candidates: ReadonlySet<string>): string | undefined {
  return [...recordMembers(answer.split()?.record).keys()].find((name) => candidates.has(name));
}

function pathParameters({ path }: Operation): string[] {
  return [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name as string);
}

function apiOf({ api, version }: Operation): string {
  return `${api} ${Number.parseInt(version, 10)}`;
}
