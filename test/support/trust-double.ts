import { randomUUID } from 'node:crypto';
import { type JWK, jwtVerify, SignJWT } from 'jose';
import type {
  CertifiedSoftware,
  DirectoryTrust,
  PublicJwk,
  SoftwareStatement,
} from '../../src/directory/directory-trust.ts';
import type { ClientCertificate } from '../../src/kernel/client-certificate.ts';

const KEY_STORE = 'https://keystore.test';

/** A directory that a test tells whom to vouch for. Its statements are signed with a key that the process makes up. */
export interface TrustDouble extends DirectoryTrust {
  /** Vouches for a certificate by its thumbprint. */
  certify(thumbprint: string, software: CertifiedSoftware): void;
  /** Publishes keys below the key store; answers with their address. */
  publish(software: CertifiedSoftware, keys: readonly JWK[]): string;
  /** Issues a signed statement. `iat` is in seconds, now when absent. */
  issueStatement(statement: SoftwareStatement, envelope?: { readonly iat?: number }): Promise<string>;
  /** Every address that keys were asked for. */
  readonly asked: readonly string[];
}

/** A statement about software of a receiver that takes part in data sharing. */
export function madeUpStatement(
  change: Partial<SoftwareStatement> & CertifiedSoftware & { readonly jwksUri: string },
): SoftwareStatement {
  return {
    isApproved: true,
    redirectUris: [
      'https://receiver.test/callback',
      'https://receiver.test/callback?dummy1=lorem&dummy2=ipsum',
    ],
    webhookUris: ['https://receiver.test/webhook'],
    roles: ['DADOS'],
    clientName: 'Receptora de Teste',
    organisationName: 'Organização de Teste S.A.',
    clientUri: 'https://receiver.test',
    logoUri: 'https://receiver.test/logo.svg',
    tosUri: 'https://receiver.test/termos',
    policyUri: 'https://receiver.test/privacidade',
    ...change,
  };
}

export function createTrustDouble(): TrustDouble {
  const secret = Buffer.from(randomUUID());
  const certified = new Map<string, CertifiedSoftware>();
  const published = new Map<string, readonly PublicJwk[]>();
  const asked: string[] = [];
  return {
    asked,
    certify: (thumbprint, software) => void certified.set(thumbprint, software),
    publish({ organisationId, softwareId }, keys) {
      const uri = `${KEY_STORE}/${organisationId}/${softwareId}/application.jwks`;
      published.set(uri, keys as readonly PublicJwk[]);
      return uri;
    },
    issueStatement: (statement, { iat = Math.floor(Date.now() / 1000) } = {}) =>
      new SignJWT({ ...statement }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt(iat).sign(secret),

    async certificate(presented: ClientCertificate | undefined) {
      if (!presented) return { isTrusted: false, fault: 'missing' };
      const software = certified.get(presented.thumbprint);
      return software ? { isTrusted: true, software } : { isTrusted: false, fault: 'untrusted-issuer' };
    },
    async statement(jws) {
      try {
        const { payload } = await jwtVerify(jws, secret, { maxTokenAge: 300 });
        const { iat: _issuedAt, ...statement } = payload;
        return { isValid: true, statement: statement as unknown as SoftwareStatement };
      } catch {
        return { isValid: false, reason: 'the software statement is not good' };
      }
    },
    async keys(uri) {
      asked.push(uri);
      const keys = published.get(uri);
      if (!keys) throw new Error('no keys there');
      return keys;
    },
    age: () => ({ fetchedAt: Date.now(), failure: undefined }),
  };
}
