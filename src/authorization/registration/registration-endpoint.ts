import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ArtifactStore } from '../artifact-store.ts';
import type { OnAuthorizationEvent } from '../authorization-event.ts';
import { bearerTokenOf } from '../bearer-token.ts';
import { type CallerCertificates, isOfClient, type TrustedCertificate } from '../caller-certificates.ts';
import type { Registrations } from '../registrations.ts';
import { writeOAuthError } from '../write-oauth-error.ts';
import { type ClientMetadata, checkRegistration, type RegistrationRules } from './check-registration.ts';
import { readJsonBody } from './read-json-body.ts';
import { replayRequest } from './replay-request.ts';

/** Members that an update must not have (RFC 7592, §2.2); the library refuses them, so it has to see them. */
const REFUSED_IN_UPDATES = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
];

export interface RegistrationEndpointSettings {
  readonly rules: RegistrationRules;
  readonly callers: CallerCertificates;
  readonly registrations: Registrations;
  readonly artifacts: Pick<ArtifactStore, 'find'>;
  /** The client that a registration access token belongs to. */
  readonly clientOfToken: (token: string) => Promise<string | undefined>;
  /** Hands a request to the library and resolves once it has answered. */
  readonly forward: Forward;
  readonly onEvent: OnAuthorizationEvent;
}

export type Forward = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Dynamic client registration and its management: what has to be right before the library keeps a client. */
export interface RegistrationEndpoint {
  /** `POST` of the registration endpoint. */
  register: Forward;
  /** `GET`, `PUT` and `DELETE` of one registration. */
  manage(request: IncomingMessage, response: ServerResponse, clientId: string): Promise<void>;
  /** The id that a request registers its client with. */
  clientIdOf(request: IncomingMessage): string;
}

/** Creates the endpoint; callers' certificates must have been judged before. */
export function createRegistrationEndpoint(settings: RegistrationEndpointSettings): RegistrationEndpoint {
  const { rules, callers, registrations, artifacts, clientOfToken, forward, onEvent } = settings;
  const clientIds = new WeakMap<IncomingMessage, string>();

  type Kind = 'registration' | 'registration-update';

  async function accept(
    kind: Kind,
    request: IncomingMessage,
    response: ServerResponse,
    { software }: TrustedCertificate,
  ): Promise<{ asked: ClientMetadata; metadata: ClientMetadata; softwareId: string } | undefined> {
    const body = await readJsonBody(request);
    if (!('value' in body)) {
      onEvent({ kind, outcome: 'invalid_client_metadata' });
      // What is left of the body is read and thrown away, so that the answer arrives; unless it takes too long.
      const headers = body.status === 408 ? { connection: 'close' } : {};
      writeOAuthError(response, body.status, 'invalid_client_metadata', body.fault, headers);
      return undefined;
    }
    const verdict = await checkRegistration(body.value, software, rules);
    if (verdict.isAccepted)
      return { asked: body.value, metadata: verdict.metadata, softwareId: verdict.softwareId };
    onEvent({ kind, outcome: verdict.refusal.error });
    writeOAuthError(response, 400, verdict.refusal.error, verdict.refusal.description);
    return undefined;
  }

  async function replay(
    request: IncomingMessage,
    response: ServerResponse,
    metadata: ClientMetadata,
    id: string,
  ) {
    const replayed = replayRequest(request, metadata);
    callers.transfer(request, replayed);
    clientIds.set(replayed, id);
    await forward(replayed, response);
  }

  async function registerOnce(
    request: IncomingMessage,
    response: ServerResponse,
    caller: TrustedCertificate,
  ) {
    const accepted = await accept('registration', request, response, caller);
    if (!accepted) return;
    const { metadata, softwareId } = accepted;
    if (!(await registrations.claim(softwareId))) {
      onEvent({ kind: 'registration', outcome: 'invalid_client_metadata' });
      writeOAuthError(response, 400, 'invalid_client_metadata', 'the software is registered already');
      return;
    }
    const clientId = randomUUID();
    await registrations.complete(softwareId, clientId);
    try {
      await replay(request, response, metadata, clientId);
    } finally {
      if (response.statusCode !== 201) await registrations.release(softwareId);
    }
  }

  async function mayManage(request: IncomingMessage, clientId: string, { software }: TrustedCertificate) {
    const token = bearerTokenOf(request.headers.authorization);
    if (token === undefined || (await clientOfToken(token)) !== clientId) return false;
    const client = await artifacts.find('Client', clientId);
    return client !== undefined && isOfClient(software, client);
  }

  return {
    async register(request, response) {
      const caller = callers.of(request);
      if (!caller) throw new Error('the certificate of a registration has not been judged');
      await registerOnce(request, response, caller);
    },

    async manage(request, response, clientId) {
      const caller = callers.of(request);
      if (!caller || !(await mayManage(request, clientId, caller))) {
        writeOAuthError(response, 401, 'invalid_token', 'the registration access token is not valid here', {
          'www-authenticate': 'Bearer error="invalid_token"',
        });
        return;
      }
      if (request.method !== 'PUT') {
        await forward(request, response);
        return;
      }
      const accepted = await accept('registration-update', request, response, caller);
      if (!accepted) return;
      const kept = REFUSED_IN_UPDATES.map((name) => [name, accepted.asked[name]]);
      const update = {
        ...accepted.metadata,
        ...Object.fromEntries(kept),
        client_id: accepted.asked.client_id,
      };
      await replay(request, response, update, clientId);
    },

    clientIdOf(request) {
      const id = clientIds.get(request);
      if (id === undefined) throw new Error('only an accepted registration has a client id');
      return id;
    },
  };
}
