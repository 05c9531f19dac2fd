import Provider, { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import type { Clock } from '../kernel/clock.ts';
import type { Artifact, ArtifactStore } from './artifact-store.ts';
import type { ClientKeys } from './fetch-client-keys.ts';
import type { Registrations } from './registrations.ts';

export interface ArtifactAdapterSettings {
  readonly artifacts: ArtifactStore;
  readonly registrations: Registrations;
  readonly clientKeys: ClientKeys;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Connects the library to the artifact store. What the library reads first and writes later, such as the use of a code
 * or the `jti` of an assertion, is decided in the store: of several nodes one wins.
 */
export function createArtifactAdapter(settings: ArtifactAdapterSettings): AdapterFactory {
  return (model) => {
    const plain = createPlainAdapter(model, settings.artifacts);
    if (model === 'ReplayDetection') return { ...plain, ...detectReplay(settings) };
    if (model === 'Client') return { ...plain, ...readClient(settings), ...endClient(settings) };
    if (model === 'AccessToken') return { ...plain, ...openUserinfo(settings) };
    return plain;
  };
}

function createPlainAdapter(model: string, artifacts: ArtifactStore): Adapter {
  return {
    upsert: (id, payload, expiresIn) => artifacts.upsert(model, id, payload as Artifact, expiresIn),
    find: (id) => artifacts.find(model, id) as Promise<AdapterPayload | undefined>,
    findByUid: (uid) => artifacts.findByUid(model, uid) as Promise<AdapterPayload | undefined>,
    // User codes belong to the device flow, which is not offered.
    findByUserCode: async () => undefined,
    async consume(id) {
      if (!(await artifacts.consume(model, id))) throw usedAlready(model);
    },
    destroy: (id) => artifacts.destroy(model, id),
    async revokeByGrantId(grantId) {
      if (!endsOneAccessToken()) await artifacts.revokeByGrant(grantId);
    },
  };
}

function usedAlready(model: string): Error {
  return model === 'PushedAuthorizationRequest'
    ? new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')
    : new errors.InvalidGrant('already consumed');
}

/** A receiver that throws away an access token keeps its refresh token, which lives with the consent. */
function endsOneAccessToken(): boolean {
  const oidc = Provider.ctx?.oidc;
  return oidc?.route === 'revocation' && oidc.entities.AccessToken !== undefined;
}

function detectReplay({ artifacts, clock }: ArtifactAdapterSettings): Partial<Adapter> {
  return {
    // Nothing is ever found: whether an assertion is new is decided when it is remembered.
    find: async () => undefined,
    async upsert(id, _payload, expiresIn = 0) {
      const isNew = await artifacts.remember(`assertion ${id}`, clock.now() + expiresIn * 1000);
      if (!isNew) throw new errors.InvalidClientAuth('client assertion tokens must only be used once');
    },
  };
}

/**
 * The library keeps what it has made of a client, its keys among it, as long as the client stays the same, and looks for
 * keys once a minute. A client is not the same to it once the directory publishes other keys.
 */
function readClient({ artifacts, clientKeys }: ArtifactAdapterSettings): Partial<Adapter> {
  return {
    async find(id) {
      const client = await artifacts.find('Client', id);
      if (!client) return undefined;
      const published = await clientKeys(String(client.jwks_uri)).catch(() => undefined);
      return { ...client, published } as AdapterPayload;
    },
  };
}

function endClient({ artifacts, registrations }: ArtifactAdapterSettings): Partial<Adapter> {
  return {
    async destroy(id) {
      const client = await artifacts.find('Client', id);
      await artifacts.revokeByClient(id);
      await artifacts.destroy('Client', id);
      if (typeof client?.software_id === 'string') await registrations.release(client.software_id);
    },
  };
}

/** The library's userinfo endpoint refuses tokens with an audience, and every token of a consent has one. */
function openUserinfo({ artifacts }: ArtifactAdapterSettings): Partial<Adapter> {
  return {
    async find(id) {
      const found = await artifacts.find('AccessToken', id);
      if (!found) return undefined;
      const { aud: _audience, ...rest } = found;
      return rest as AdapterPayload;
    },
  };
}
