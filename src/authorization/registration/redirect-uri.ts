const MAX_LENGTH = 2048;
const PRINTABLE_ASCII = /^[\x21-\x7e]+$/;

/**
 * Whether a redirect URI can be registered: absolute, https, and written in the one way that a browser would write it
 * itself, so that comparing it letter by letter is comparing where it leads. That leaves out other alphabets and their
 * encoded form, upper case and trailing dots in the host, credentials, fragments, default ports and dot segments.
 */
export function isRegistrableRedirectUri(uri: string): boolean {
  if (uri.length > MAX_LENGTH || !PRINTABLE_ASCII.test(uri) || uri.includes('#')) return false;
  const url = URL.parse(uri);
  if (url?.protocol !== 'https:') return false;
  if (url.username !== '' || url.password !== '') return false;
  return isPlainHost(url.hostname) && isWrittenAsRead(uri, url);
}

function isPlainHost(host: string): boolean {
  return host !== '' && !host.endsWith('.') && !host.split('.').some((label) => label.startsWith('xn--'));
}

/** An origin alone may be written without the slash that its path is. */
function isWrittenAsRead(uri: string, url: URL): boolean {
  return url.href === uri || (url.pathname === '/' && url.href === `${uri}/`);
}
