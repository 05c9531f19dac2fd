import { randomUUID } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import type { PlannedRequest } from './counted-load.ts';
import { createKeepAliveConnection } from './keep-alive-connection.ts';
import type { RunningSandbox } from './start-sandbox.ts';

/** Requests under a consent that the sandbox has had authorised. */
export interface ConsentedRequests {
  /** A request to be sent, with an interaction id of its own. */
  plan(path: string): PlannedRequest;
  /** Asks once, outside any load. Rejects when the answer is not 200. */
  read(path: string): Promise<string>;
}

/** Makes the requests of an ecosystem's consent to a listener for clients with certificates. */
export function createConsentedRequests(
  { description }: RunningSandbox,
  ecosystem: string,
  origin: string,
  identity: SecureContext,
): ConsentedRequests {
  const consent = description.consents.find((each) => each.ecosystem === ecosystem);
  if (!consent) throw new Error(`the sandbox has no consent of ${ecosystem}`);
  const plan = (path: string): PlannedRequest => ({
    origin,
    endpoint: `GET ${path}`,
    path,
    headers: {
      authorization: `Bearer ${consent.accessToken}`,
      accept: 'application/json',
      'x-fapi-interaction-id': randomUUID(),
    },
  });

  async function read(path: string): Promise<string> {
    const connection = createKeepAliveConnection(origin, identity);
    try {
      const { status, body } = await connection.ask(path, plan(path).headers);
      if (status !== 200) throw new Error(`${path} is answered with ${status}: ${body()}`);
      return body();
    } finally {
      connection.close();
    }
  }

  return { plan, read };
}
