import { setTimeout as pause } from 'node:timers/promises';
import { restoreAccess } from '../../src/receiver/access.ts';
import { connectHolder } from '../../src/receiver/connect-holder.ts';
import type { Holder } from '../../src/receiver/holder.ts';
import type { CustomFetch } from '../../src/receiver/mtls-fetch.ts';
import { createReceiver } from '../../src/receiver/receiver.ts';
import { generateReceiverKeys } from '../../src/receiver/receiver-keys.ts';
import { records } from '../../src/receiver/records.ts';

// Reads a list with the receiver's iterator, over plain HTTP at a port of this machine, and prints how often each record
// came and what was in memory.
//   node --expose-gc iterate-records.ts PORT RECORDS

/** What was found. Memory in bytes. */
export interface IterationReport {
  readonly records: number;
  readonly distinct: number;
  readonly repeated: number;
  /** In use after a collection, when a tenth of the records has been read. */
  readonly heapAtTenth: number;
  /** The same after the last page. */
  readonly heapAtEnd: number;
  readonly peakResident: number;
  readonly seconds: number;
}

const [port = '', expected = ''] = process.argv.slice(2);
const tenth = Number(expected) / 10;
const SETTLING_MS = 50;
const ORIGIN = 'https://holder.example';
const HOLDER: Holder = {
  organisationId: 'holder',
  authorisationServerId: 'holder',
  name: 'holder',
  issuer: ORIGIN,
  apis: [{ family: 'list', version: '1.0.0', endpoints: [`${ORIGIN}/api/v1/records`] }],
};
const plainly: CustomFetch = (url, options) =>
  fetch(url.replace(ORIGIN, `http://127.0.0.1:${port}`), options as RequestInit);

const receiver = createReceiver({ keys: await generateReceiverKeys('reader'), fetch: plainly });
const connection = await connectHolder(receiver, { holder: HOLDER, clientId: 'reader' });
const access = restoreAccess(connection, {
  consentId: 'urn:holder:1',
  accessToken: 'token',
  refreshToken: undefined,
  expiresAt: Number.POSITIVE_INFINITY,
});

// One bit for each record, made before anything is measured.
const seen = new Uint8Array(Math.ceil(Number(expected) / 8) + 1);
let [count, distinct, repeated, heapAtTenth] = [0, 0, 0, 0];
const from = performance.now();
for await (const record of records<{ id: number }>(access, { family: 'list', path: '/records' })) {
  count += 1;
  const [place, bit] = [record.id >> 3, 1 << (record.id & 7)];
  if ((seen[place] ?? 0) & bit) repeated += 1;
  else distinct += 1;
  seen[place] = (seen[place] ?? 0) | bit;
  if (count === tenth) heapAtTenth = await heapInUse();
}
const seconds = (performance.now() - from) / 1000;
const report: IterationReport = {
  records: count,
  distinct,
  repeated,
  heapAtTenth,
  heapAtEnd: await heapInUse(),
  peakResident: process.resourceUsage().maxRSS * 1024,
  seconds,
};
console.log(JSON.stringify(report));

/** What is let go of by finalizers is gone only after they have had their turn. */
async function heapInUse(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    await pause(SETTLING_MS);
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}
