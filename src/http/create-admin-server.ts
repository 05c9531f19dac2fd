import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

/** What the operational listener can tell and do. Each action is a use-case; nothing of HTTP reaches it. */
export interface AdminActions {
  /** Whether requests can be served, and what is missing. */
  readonly readiness: () => { readonly isReady: boolean; readonly reasons: readonly string[] };
  readonly prometheus: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly status: () => Promise<unknown>;
  readonly listOutages: () => unknown;
  /** `accepted` is false for a request with faults, which `body` then tells. */
  readonly addOutage: (request: unknown) => Promise<{ readonly accepted: boolean; readonly body: unknown }>;
  readonly cancelOutage: (id: string) => Promise<{ readonly accepted: boolean; readonly body: unknown }>;
  /** Hears of the institution what has changed behind a connector. */
  readonly connectorChanged: (
    connector: string,
    changed: unknown,
  ) => Promise<{ readonly accepted: boolean; readonly body: unknown }>;
  /** Undefined when nothing is known under the id. */
  readonly explain: (id: string) => Promise<unknown>;
}

const MOST_BODY_BYTES = 64 * 1024;

/**
 * Builds the operational listener: health for orchestrators, metrics for Prometheus, what the institution's systems tell,
 * and what `guiche status`, `guiche outage` and `guiche explain` ask for. It has no accounts, so it must never be public:
 * anything that a browser sends on behalf of a page is refused.
 */
export function createAdminServer(actions: AdminActions): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit: MOST_BODY_BYTES, forceCloseConnections: true });

  app.addHook('onRequest', async (request, reply) => {
    if (request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined) {
      await reply.code(403).send({ error: 'this listener does not answer web pages' });
    }
  });
  app.setErrorHandler((error, _request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 503;
    void reply.code(status).send({ error: (error as Error).message });
  });

  app.get('/health/live', async () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    const { isReady, reasons } = actions.readiness();
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', reasons });
  });
  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await actions.prometheus();
    return reply.type(contentType).send(text);
  });
  app.get('/status', async () => actions.status());
  app.get('/outages', async () => actions.listOutages());
  app.post('/outages', async (request: FastifyRequest, reply: FastifyReply) => {
    const { accepted, body } = await actions.addOutage(request.body);
    return reply.code(accepted ? 201 : 422).send(body);
  });
  app.delete('/outages/:id', async (request: FastifyRequest, reply: FastifyReply) => {
    const { accepted, body } = await actions.cancelOutage((request.params as { id: string }).id);
    return reply.code(accepted ? 200 : 409).send(body);
  });
  app.post('/connectors/:name/changed', async (request: FastifyRequest, reply: FastifyReply) => {
    const { name } = request.params as { name: string };
    const { accepted, body } = await actions.connectorChanged(name, request.body);
    return reply.code(accepted ? 202 : 422).send(body);
  });
  app.get('/explain/:id', async (request: FastifyRequest, reply: FastifyReply) => {
    const found = await actions.explain((request.params as { id: string }).id);
    return found === undefined ? reply.code(404).send({ error: 'nothing is known under this id' }) : found;
  });
  return app;
}
