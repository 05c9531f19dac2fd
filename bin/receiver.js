// `guiche/receiver`: from its sources in a clone, and from its compiled form in an installed package, as bin/guiche.js.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../src/receiver/index.ts', import.meta.url));

export const {
  AccessEnded,
  authorizationUrl,
  connectHolder,
  createConsent,
  createMtlsFetch,
  createReceiver,
  deleteConsent,
  exchange,
  extendConsent,
  findHolder,
  findHolders,
  generateReceiverKeys,
  HolderNotFound,
  HolderRefusal,
  HolderUnavailable,
  NoAnswer,
  pages,
  publicHalf,
  ReceiverError,
  RetryExceeded,
  read,
  readConsent,
  readHolderStatus,
  records,
  refreshAccess,
  registerReceiver,
  resources,
  restoreAccess,
  StillPreparing,
  tokensOf,
  UnusableAnswer,
} = await import(existsSync(sources) ? '../src/receiver/index.ts' : '../dist/receiver/index.js');
