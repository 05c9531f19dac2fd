/** `guiche/receiver`: the receiver's side of Open Finance Brasil and Open Insurance Brasil. */
export {
  type Access,
  type AccessOptions,
  type AccessTokens,
  exchange,
  refreshAccess,
  restoreAccess,
  tokensOf,
} from './access.ts';
export {
  type AuthorizationRequest,
  authorizationUrl,
  type StartedAuthorization,
} from './authorization-url.ts';
export type { HolderAnswer } from './call-holder.ts';
export { connectHolder, type HolderConnection } from './connect-holder.ts';
export {
  type AnsweredConsent,
  type ConsentOptions,
  type ConsentRequest,
  createConsent,
  deleteConsent,
  type ExtendingCustomer,
  extendConsent,
  readConsent,
} from './consents.ts';
export { findHolder, findHolders, type HolderQuery, type Participants } from './find-holder.ts';
export type { EndpointName, Holder, HolderApi, Query, Target } from './holder.ts';
export {
  type HolderIncident,
  type HolderStatus,
  type HolderStatusCode,
  readHolderStatus,
} from './holder-status.ts';
export { type CustomFetch, createMtlsFetch, type MtlsFetch } from './mtls-fetch.ts';
export { type Page, type PagesOptions, pages } from './pages.ts';
export { type ReadOneOptions, read } from './read.ts';
export type { ReadOptions } from './read-once.ts';
export { createReceiver, type Receiver, type ReceiverLimits, type ReceiverSettings } from './receiver.ts';
export {
  AccessEnded,
  type AnswerFault,
  HolderNotFound,
  HolderRefusal,
  HolderUnavailable,
  NoAnswer,
  ReceiverError,
  RetryExceeded,
  StillPreparing,
  UnusableAnswer,
} from './receiver-errors.ts';
export { generateReceiverKeys, publicHalf, type ReceiverKeys } from './receiver-keys.ts';
export { type RecordsOptions, records } from './records.ts';
export type { RefusalKind, RefusalReason } from './refusal-reason.ts';
export { type Registration, type RegistrationRequest, registerReceiver } from './register-receiver.ts';
export {
  type ConsentedResource,
  type ListedResources,
  type PollOptions,
  type Resources,
  type ResourcesOptions,
  resources,
} from './resources.ts';
