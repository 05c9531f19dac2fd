import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { exchangeTls } from '../../test/support/exchange-tls.ts';
import {
  introduce,
  type MadeUpReceiver,
  makeReceiver,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../../test/support/start-authorization-server.ts';

for (const path of ['', '/banco'])
  describe(`given an issuer at ${path || 'the root'}`, () => {
    let running: RunningAuthorizationServer;
    let receiver: MadeUpReceiver;

    before(async () => {
      [running, receiver] = await Promise.all([startAuthorizationServer({ path }), makeReceiver()]);
      introduce(running, receiver);
    });

    it('when its discovery document is read, then it tells the profile, whatever the caller says the host is', async () => {
      const { issuer, mtlsBase } = running;
      const answer = await exchangeTls(`${issuer}/.well-known/openid-configuration`, {
        headers: { host: 'evil.test', 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'http' },
      });
      assert.equal(answer.status, 200);
      const scopes = answer.json().scopes_supported;
      for (const scope of ['openid', 'consents', 'resources', 'exchanges', 'invoice-financings'])
        assert.ok(scopes.includes(scope), scope);
      assert.deepEqual(answer.json(), {
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        pushed_authorization_request_endpoint: `${issuer}/par`,
        userinfo_endpoint: `${issuer}/userinfo`,
        registration_endpoint: `${issuer}/register`,
        revocation_endpoint: `${issuer}/token/revocation`,
        introspection_endpoint: `${issuer}/token/introspection`,
        jwks_uri: `${issuer}/jwks`,
        mtls_endpoint_aliases: {
          token_endpoint: `${mtlsBase}/token`,
          pushed_authorization_request_endpoint: `${mtlsBase}/par`,
          userinfo_endpoint: `${mtlsBase}/userinfo`,
          registration_endpoint: `${mtlsBase}/register`,
          revocation_endpoint: `${mtlsBase}/token/revocation`,
          introspection_endpoint: `${mtlsBase}/token/introspection`,
        },
        response_types_supported: ['code id_token'],
        response_modes_supported: ['fragment'],
        grant_types_supported: ['implicit', 'authorization_code', 'refresh_token', 'client_credentials'],
        subject_types_supported: ['public'],
        scopes_supported: scopes,
        acr_values_supported: ['urn:brasil:openbanking:loa2', 'urn:brasil:openbanking:loa3'],
        claims_supported: ['sub', 'acr', 'sid', 'auth_time', 'iss'],
        claim_types_supported: ['normal'],
        claims_parameter_supported: true,
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
        token_endpoint_auth_signing_alg_values_supported: ['PS256'],
        id_token_signing_alg_values_supported: ['PS256'],
        id_token_encryption_alg_values_supported: ['RSA-OAEP'],
        id_token_encryption_enc_values_supported: ['A256GCM'],
        request_object_signing_alg_values_supported: ['PS256'],
        request_object_encryption_alg_values_supported: ['RSA-OAEP'],
        request_object_encryption_enc_values_supported: ['A256GCM'],
        request_parameter_supported: true,
        request_uri_parameter_supported: false,
        require_signed_request_object: true,
        require_pushed_authorization_requests: true,
        authorization_response_iss_parameter_supported: true,
        tls_client_certificate_bound_access_tokens: true,
      });
    });

    it('when its keys are read, then they are public, one for each use', async () => {
      const { keys } = (await exchangeTls(`${running.issuer}/jwks`)).json();
      assert.deepEqual(
        keys.map(({ use, alg, kty }: Record<string, string>) => [use, alg, kty]),
        [
          ['sig', 'PS256', 'RSA'],
          ['enc', 'RSA-OAEP', 'RSA'],
        ],
      );
      for (const key of keys)
        assert.deepEqual(Object.keys(key).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
    });

    it('when an endpoint is asked for on the other listener, then it is not there', async () => {
      const { identity } = receiver;
      for (const route of [
        '/token',
        '/par',
        '/register',
        '/userinfo',
        '/token/revocation',
        '/token/introspection',
      ]) {
        const answer = await exchangeTls(`${running.issuer}${route}`, { method: 'POST', identity });
        assert.equal(answer.status, 404, route);
        assert.equal(answer.json().error, 'invalid_request');
      }
      for (const route of ['/auth', '/auth/some-interaction', '/jwks', '/.well-known/openid-configuration'])
        assert.equal((await exchangeTls(`${running.mtlsBase}${route}`, { identity })).status, 404, route);
    });

    it('when an endpoint is asked with a method that it has not, then it says which it has', async () => {
      const { identity } = receiver;
      const token = await exchangeTls(`${running.mtlsBase}/token`, { identity });
      assert.equal(token.status, 405);
      assert.equal(token.headers.allow, 'POST');
      const auth = await exchangeTls(`${running.issuer}/auth`, { method: 'POST' });
      assert.equal(auth.status, 405);
      assert.equal(auth.headers.allow, 'GET, HEAD');
    });

    it('when no certificate is presented, then every endpoint of the mTLS listener refuses', async () => {
      for (const route of [
        '/token',
        '/par',
        '/register',
        '/userinfo',
        '/token/revocation',
        '/token/introspection',
      ]) {
        const answer = await exchangeTls(`${running.mtlsBase}${route}`, { method: 'POST' });
        assert.equal(answer.status, 401, route);
        assert.match(answer.json().error, /^invalid_(client|token)$/);
      }
      const answer = await exchangeTls(`${running.mtlsBase}/register/some-client`, { method: 'DELETE' });
      assert.equal(answer.status, 401);
      assert.equal(answer.json().error, 'invalid_token');
    });

    it('when a browser comes without a pushed request, then it sees a page in Portuguese that gives nothing away', async () => {
      const answer = await exchangeTls(
        `${running.issuer}/auth?client_id=%3Cscript%3E&request_uri=urn:ietf:params:oauth:request_uri:gone`,
        { headers: { accept: 'text/html' } },
      );
      assert.equal(answer.status, 400);
      assert.match(String(answer.headers['content-type']), /^text\/html/);
      assert.match(
        String(answer.headers['content-security-policy']),
        /^default-src 'none'; style-src 'sha256-/,
      );
      assert.match(answer.text, /<html lang="pt-BR">/);
      assert.doesNotMatch(answer.text, /script|stack|node_modules/);
    });
  });
