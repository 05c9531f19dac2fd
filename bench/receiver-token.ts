import { createSecureContext, type SecureContext } from 'node:tls';
import { ownToken } from '../src/receiver/connect-holder.ts';
import type { ReceiverKeys } from '../src/receiver/receiver-keys.ts';
import { connectReceiver, type RegisteredReceiver, type RunningSandbox } from './start-sandbox.ts';

/** A token of the receiver's own, for the Consents API; it lasts a quarter of an hour. */
export async function receiverToken(
  sandbox: RunningSandbox,
  registered: RegisteredReceiver,
  ecosystem: string,
): Promise<string> {
  const { receiver, connection } = await connectReceiver(sandbox, registered, ecosystem);
  try {
    return await ownToken(connection);
  } finally {
    await receiver.close();
  }
}

/** What connections need to show the receiver's certificate. */
export function secureIdentity({ authorities, certificate, certificateKey }: ReceiverKeys): SecureContext {
  return createSecureContext({ ca: authorities, cert: certificate, key: certificateKey });
}
