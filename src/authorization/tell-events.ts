import type { EventEmitter } from 'node:events';
import type Provider from 'oidc-provider';
import type { errors, KoaContextWithOIDC } from 'oidc-provider';
import type { AuthorizationEvent, OnAuthorizationEvent } from './authorization-event.ts';
import { consentIdOf } from './consent-scope.ts';

/** Passes on what the library does and refuses, and its faults. Nothing but ids and error codes leaves it. */
export function tellEvents(
  provider: Provider,
  onEvent: OnAuthorizationEvent,
  onFault: (error: unknown) => void,
): void {
  const done = (kind: AuthorizationEvent['kind']) => (ctx: KoaContextWithOIDC) =>
    onEvent({ kind, ...partiesOf(ctx), outcome: 'done' });
  const refused =
    (kind: AuthorizationEvent['kind']) => (ctx: KoaContextWithOIDC, error: errors.OIDCProviderError) =>
      onEvent({ kind, ...partiesOf(ctx), outcome: error.error });

  provider.on('registration_create.success', done('registration'));
  provider.on('registration_create.error', refused('registration'));
  provider.on('registration_update.success', done('registration-update'));
  provider.on('registration_update.error', refused('registration-update'));
  provider.on('registration_delete.success', done('registration-end'));
  provider.on('registration_delete.error', refused('registration-end'));
  provider.on('pushed_authorization_request.success', done('pushed-request'));
  provider.on('pushed_authorization_request.error', refused('pushed-request'));
  provider.on('authorization.success', done('authorization'));
  provider.on('authorization.error', refused('authorization'));
  provider.on('grant.success', done('token'));
  provider.on('grant.error', refused('token'));
  provider.on('grant.revoked', done('revocation'));
  provider.on('revocation.error', refused('revocation'));
  provider.on('server_error', (_ctx, error) => onFault(error));
  // An event of the library's web framework, which its own types do not list.
  (provider as EventEmitter).on('error', onFault);
}

function partiesOf({ oidc }: KoaContextWithOIDC): Pick<AuthorizationEvent, 'clientId' | 'consentId'> {
  const clientId = oidc.client?.clientId;
  const { AccessToken, RefreshToken } = oidc.entities;
  const consentId = consentIdOf(oidc.params?.scope ?? AccessToken?.scope ?? RefreshToken?.scope);
  return {
    ...(clientId === undefined ? {} : { clientId }),
    ...(consentId === undefined ? {} : { consentId }),
  };
}
