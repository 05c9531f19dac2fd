/** The public URL of an endpoint, its path parameters as the template has them, from its operation key. */
export function endpointUrl(baseUrl: string, key: string): string {
  return `${baseUrl}${key.slice(key.indexOf(' ') + 1)}`;
}
