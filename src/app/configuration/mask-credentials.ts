/** What stands where a secret was. */
export const MASK = '***';

/** Hides the password of every `scheme://user:password@host` inside `text`; the user and the host stay readable. */
export function maskCredentials(text: string): string {
  return text.replace(/(:\/\/[^\s/?#:@]*:)[^\s/?#]*@/g, `$1${MASK}@`);
}
