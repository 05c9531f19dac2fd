import { ResponseBodyError } from 'openid-client';
import { AccessEnded, HolderRefusal, NoAnswer } from './receiver-errors.ts';

/**
 * What an error of `openid-client` at the token endpoint means to a reader. Whatever is no answer of OAuth, such as the page
 * of a proxy, is none.
 *
 * @param consentId of the consent whose token was to be refreshed
 */
export function asRefusal(error: unknown, consentId?: string): Error {
  if (!(error instanceof ResponseBodyError)) return new NoAnswer(error);
  if (consentId !== undefined && error.error === 'invalid_grant') return new AccessEnded(consentId, error);
  return new HolderRefusal({ status: error.status, body: error.cause });
}
