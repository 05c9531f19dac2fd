import { readFileSync } from 'node:fs';
import { type CryptoKey, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';

// The RSA of client credentials and nothing else: one client assertion signed and verified, again and again, `inFlight`
// of them at a time for so many seconds. Prints pairs per second and per second of processor time, and what a signature
// and a verification take, in milliseconds, which is their own time where one is in flight.
//   node sign-and-verify.ts KEY_SET_FILE IN_FLIGHT SECONDS
// The first key of the set, which is private, is used.

const [keyFile = '', inFlight = '1', seconds = '1'] = process.argv.slice(2);
const [jwk] = (JSON.parse(readFileSync(keyFile, 'utf8')) as { keys: [JWK] }).keys;
const { kty, n, e } = jwk;
const privateKey = (await importJWK(jwk, 'PS256')) as CryptoKey;
const publicKey = (await importJWK({ kty, n, e } as JWK, 'PS256')) as CryptoKey;
const AUDIENCE = 'https://127.0.0.1:8443/institution';

let signing = 0;
let verifying = 0;

async function once(): Promise<void> {
  const from = performance.now();
  const assertion = await new SignJWT({ iss: 'client', sub: 'client', jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: 'PS256', kid: 'key' })
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(privateKey);
  const signed = performance.now();
  await jwtVerify(assertion, publicKey, { audience: AUDIENCE });
  signing += signed - from;
  verifying += performance.now() - signed;
}

async function repeat(until: number): Promise<number> {
  let pairs = 0;
  for (; performance.now() < until; pairs += 1) await once();
  return pairs;
}

for (let warmUp = 0; warmUp < 200; warmUp += 1) await once();
signing = 0;
verifying = 0;
const from = performance.now();
const processorFrom = process.cpuUsage();
const lanes = Array.from({ length: Number(inFlight) }, () => repeat(from + Number(seconds) * 1000));
const pairs = (await Promise.all(lanes)).reduce((sum, count) => sum + count, 0);
const elapsed = (performance.now() - from) / 1000;
const { user, system } = process.cpuUsage(processorFrom);
console.log(
  JSON.stringify({
    perSecond: pairs / elapsed,
    perProcessorSecond: (pairs * 1e6) / (user + system),
    signMs: signing / pairs,
    verifyMs: verifying / pairs,
  }),
);
