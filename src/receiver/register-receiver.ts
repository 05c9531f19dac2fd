import * as client from 'openid-client';
import { PROFILE_METADATA } from './connect-holder.ts';
import type { Holder } from './holder.ts';
import { inside, type Receiver } from './receiver.ts';

/** What a holder has given a newly registered receiver. */
export interface Registration {
  readonly clientId: string;
  readonly registrationClientUri: string;
  readonly registrationAccessToken: string;
}

/** What a receiver says of itself when it registers. */
export interface RegistrationRequest {
  readonly holder: Pick<Holder, 'issuer'>;
  /** Software statement assertion of the directory, some minutes old at most. */
  readonly statement: string;
  readonly redirectUris: readonly string[];
  /** Where the directory publishes the receiver's keys. */
  readonly jwksUri: string;
}

/** Registers a receiver by its software statement (RFC 7591). Rejects with the holder's answer when it refuses. */
export async function registerReceiver(
  receiver: Receiver,
  { holder, statement, redirectUris, jwksUri }: RegistrationRequest,
): Promise<Registration> {
  const { fetch, signing } = receiver[inside];
  const configuration = await client.dynamicClientRegistration(
    new URL(holder.issuer),
    {
      ...PROFILE_METADATA,
      redirect_uris: [...redirectUris],
      jwks_uri: jwksUri,
      software_statement: statement,
      grant_types: ['authorization_code', 'implicit', 'refresh_token', 'client_credentials'],
      response_types: ['code id_token'],
      token_endpoint_auth_method: 'private_key_jwt',
    },
    client.PrivateKeyJwt(await signing()),
    { [client.customFetch]: fetch },
  );
  const registered = configuration.clientMetadata();
  return {
    clientId: registered.client_id,
    registrationClientUri: String(registered.registration_client_uri),
    registrationAccessToken: String(registered.registration_access_token),
  };
}
