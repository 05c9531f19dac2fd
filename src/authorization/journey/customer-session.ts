import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../kernel/clock.ts';
import type { Sealer } from '../../kernel/sealer.ts';
import type { ArtifactStore } from '../artifact-store.ts';

/** A customer who has logged in. */
export interface CustomerSession {
  readonly customerId: string;
  /** What the login was for: a session is good for nothing else. */
  readonly purpose: string;
  /** In milliseconds since the epoch. */
  readonly authenticatedAt: number;
}

/** A browser as the journey knows it, whether or not somebody has logged in. */
export interface Visit {
  readonly session: CustomerSession | undefined;
  /** Hash of the browser's cookie: what belongs to this browser is kept under it. */
  readonly id: string;
  /** What a form must bring back, so that no other site can send it. Good for one action of one browser. */
  formToken(action: string): string;
  isFormToken(action: string, token: string | null): boolean;
}

export interface CustomerSessionSettings {
  readonly artifacts: ArtifactStore;
  readonly sealer: Sealer;
  readonly clock: Clock;
  /** Tells apart the cookies of issuers and purposes on one host, which share one cookie jar. */
  readonly name: string;
}

export interface CustomerSessions {
  /** Reads the browser's cookie; gives it one when it has none. */
  visit(request: IncomingMessage, response: ServerResponse, purpose: string): Promise<Visit>;
  /** Logs a customer in, under a new cookie: what was known of the old one is worth nothing. */
  begin(
    request: IncomingMessage,
    response: ServerResponse,
    login: Omit<CustomerSession, 'authenticatedAt'>,
  ): Promise<void>;
  /** Logs out. The cookie stays with the browser and stands for nobody. */
  end(request: IncomingMessage): Promise<void>;
}

/** How long a login lasts. */
export const SESSION_SECONDS = 30 * 60;

const MODEL = 'CustomerSession';
const KEY = /^[\w-]{43}$/;

/** Creates the login sessions of the journey. Only a hash of the cookie is kept. */
export function createCustomerSessions({
  artifacts,
  sealer,
  clock,
  name,
}: CustomerSessionSettings): CustomerSessions {
  const cookie = `__Host-guiche-${name}`;
  const tokenKey = sealer.derive('journey form token');

  function keyOf(request: IncomingMessage): string | undefined {
    const key = readCookie(request, cookie);
    return key !== undefined && KEY.test(key) ? key : undefined;
  }

  function giveKey(response: ServerResponse): string {
    const key = randomBytes(32).toString('base64url');
    setCookie(response, cookie, `${cookie}=${key}; Path=/; Secure; HttpOnly; SameSite=Lax`);
    return key;
  }

  async function find(key: string, purpose: string): Promise<CustomerSession | undefined> {
    const kept = (await artifacts.find(MODEL, hash(key))) as unknown as CustomerSession | undefined;
    const isCurrent = kept && clock.now() < kept.authenticatedAt + SESSION_SECONDS * 1000;
    return isCurrent && kept.purpose === purpose ? kept : undefined;
  }

  function formToken(key: string, action: string): string {
    return createHmac('sha256', tokenKey).update(`${cookie}\n${key}\n${action}`).digest('base64url');
  }

  return {
    async visit(request, response, purpose) {
      const known = keyOf(request);
      const key = known ?? giveKey(response);
      return {
        session: known === undefined ? undefined : await find(known, purpose),
        id: hash(key),
        formToken: (action) => formToken(key, action),
        isFormToken: (action, token) => token !== null && isSame(token, formToken(key, action)),
      };
    },

    async begin(request, response, { customerId, purpose }) {
      const old = keyOf(request);
      if (old !== undefined) await artifacts.destroy(MODEL, hash(old));
      const session: CustomerSession = { customerId, purpose, authenticatedAt: clock.now() };
      await artifacts.upsert(MODEL, hash(giveKey(response)), { ...session }, SESSION_SECONDS);
    },

    async end(request) {
      const key = keyOf(request);
      if (key !== undefined) await artifacts.destroy(MODEL, hash(key));
    },
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** In constant time, whatever the lengths. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(a, b);
}

function readCookie(request: IncomingMessage, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** The last word on a cookie counts; other cookies of the answer stay. */
function setCookie(response: ServerResponse, name: string, value: string): void {
  const others = [response.getHeader('set-cookie') ?? []].flat() as string[];
  response.setHeader('set-cookie', [...others.filter((other) => !other.startsWith(`${name}=`)), value]);
}
