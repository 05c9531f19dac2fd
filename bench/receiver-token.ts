import { createSecureContext, type SecureContext } from 'node:tls';
import { connectHolder } from '../src/receiver/connect-holder.ts';
import { ownToken } from '../src/receiver/receiver-consents.ts';
import type { ReceiverKeys } from '../src/receiver/receiver-keys.ts';
import { institutionOf, type RegisteredReceiver, type RunningSandbox } from './start-sandbox.ts';

/** A token of the receiver's own, for the Consents API; it lasts a quarter of an hour. */
export async function receiverToken(
  sandbox: RunningSandbox,
  { clientIds, keys }: RegisteredReceiver,
  ecosystem: string,
): Promise<string> {
  const { issuer } = institutionOf(sandbox, ecosystem);
  const connection = await connectHolder({ issuer, clientId: clientIds[ecosystem] as string, keys });
  try {
    return await ownToken(connection);
  } finally {
    await connection.close();
  }
}

/** What connections need to show the receiver's certificate. */
export function secureIdentity({ authorities, certificate, certificateKey }: ReceiverKeys): SecureContext {
  return createSecureContext({ ca: authorities, cert: certificate, key: certificateKey });
}
