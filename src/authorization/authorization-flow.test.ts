import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as client from 'openid-client';
import { createBrowser } from '../../test/support/browse.ts';
import {
  awaitingConsent,
  introduce,
  type MadeUpReceiver,
  makeReceiver,
  type RunningAuthorizationServer,
  startAuthorizationServer,
  statementOf,
} from '../../test/support/start-authorization-server.ts';
import { authorizationUrl, redeemCode } from '../receiver/authorization-url.ts';
import { connectHolder, type HolderConnection } from '../receiver/connect-holder.ts';
import type { Holder } from '../receiver/holder.ts';
import { createReceiver, type Receiver } from '../receiver/receiver.ts';
import { registerReceiver } from '../receiver/register-receiver.ts';

const REDIRECT_URI = 'https://receiver.test/callback';

for (const ecosystem of ['open-finance', 'open-insurance'] as const) {
  describe(`given a registered receiver of ${ecosystem}`, () => {
    let running: RunningAuthorizationServer;
    let receiver: MadeUpReceiver;
    let reader: Receiver;
    let holder: HolderConnection;

    before(async () => {
      [running, receiver] = await Promise.all([startAuthorizationServer({ ecosystem }), makeReceiver()]);
      const jwksUri = introduce(running, receiver);
      reader = createReceiver({ keys: receiver.keys });
      const institution = holderOf(running.issuer);
      const { clientId } = await registerReceiver(reader, {
        holder: institution,
        statement: await statementOf(running, receiver),
        redirectUris: [REDIRECT_URI],
        jwksUri,
      });
      holder = await connectHolder(reader, { holder: institution, clientId });
    });
    after(() => reader.close());

    it('when it goes the whole way, then it holds tokens of the consent until it gives them up', async () => {
      const own = await client.clientCredentialsGrant(holder.configuration, { scope: 'consents' });
      assert.equal(own.scope, 'consents');
      assert.equal(own.expires_in, 900);

      const consent = await awaitingConsent(running, holder.clientId, { ecosystem });
      const scope = `openid resources consent:${consent.id}`;
      const started = await authorizationUrl(holder, {
        consentId: consent.id,
        redirectUri: REDIRECT_URI,
        scopes: ['resources'],
      });
      const { url } = await createBrowser().visit(started.url);
      assert.equal(`${url.origin}${url.pathname}`, REDIRECT_URI);
      const tokens = await redeemCode(holder, url, started);
      assert.deepEqual(new Set(tokens.scope?.split(' ')), new Set(scope.split(' ')));
      const brand = ecosystem === 'open-finance' ? 'openbanking' : 'openinsurance';
      assert.equal(tokens.claims()?.acr, `urn:brasil:${brand}:loa2`);

      const authorised = await running.consents.find(consent.id);
      assert.equal(authorised?.status, 'AUTHORISED');
      assert.equal(authorised.subject, tokens.claims()?.sub);

      const refreshed = await client.refreshTokenGrant(holder.configuration, tokens.refresh_token as string);
      assert.equal(refreshed.refresh_token, tokens.refresh_token);
      const userinfo = await client.fetchUserInfo(
        holder.configuration,
        refreshed.access_token,
        tokens.claims()?.sub as string,
      );
      assert.equal(userinfo.sub, authorised.subject);

      await client.tokenRevocation(holder.configuration, tokens.refresh_token as string);
      await assert.rejects(client.refreshTokenGrant(holder.configuration, tokens.refresh_token as string), {
        error: 'invalid_grant',
      });
      assert.deepEqual(running.faults, []);
    });
  });
}

/** An institution of which no more is known than where it is. */
function holderOf(issuer: string): Holder {
  return { organisationId: '', authorisationServerId: '', name: '', issuer, apis: [] };
}
