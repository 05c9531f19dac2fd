import type { JWK } from 'jose';
import Provider from 'oidc-provider';
import type { OnAuthorizationEvent } from './authorization-event.ts';
import { composeProviderSettings, type ProviderSettings } from './provider-settings.ts';
import { RESPONSE_MODES } from './registration/client-metadata.ts';
import { tellEvents } from './tell-events.ts';

export interface CreateProviderSettings extends ProviderSettings {
  readonly issuer: string;
  readonly onEvent: OnAuthorizationEvent;
  readonly onFault: (error: unknown) => void;
}

/** Creates the library's provider with these keys, which are private and in the order of their use. */
export function createProvider(settings: CreateProviderSettings, keys: readonly JWK[]): Provider {
  const provider = new Provider(settings.issuer, composeProviderSettings(settings, keys));
  // The headers that this lets the library believe are written by the listener's mount.
  provider.proxy = true;
  provider.use(async (ctx, next) => {
    await next();
    // The library lists what it could do; a mode that is not registered is never used.
    if (ctx.oidc?.route === 'discovery' && ctx.body?.issuer)
      ctx.body = { ...ctx.body, response_modes_supported: RESPONSE_MODES };
  });
  tellEvents(provider, settings.onEvent, settings.onFault);
  return provider;
}
