import type { OutageFault, OutageRequest } from '../discovery/plan-outage.ts';

type Member = keyof OutageRequest;

const TEXTS: readonly Member[] = ['startsAt', 'duration', 'explanation'];

/** Reads an outage request off a JSON body: its types, not yet its meaning. */
export function readOutageRequest(
  body: unknown,
): { readonly request: OutageRequest } | { readonly faults: readonly OutageFault[] } {
  const given = (typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {}) as Record<
    string,
    unknown
  >;
  const faults: OutageFault[] = TEXTS.filter((field) => typeof given[field] !== 'string').map((field) => ({
    field,
    message: 'expected a text',
  }));
  if (given.ecosystem !== undefined && typeof given.ecosystem !== 'string')
    faults.push({ field: 'ecosystem', message: 'expected a text' });
  if (given.isPartial !== undefined && typeof given.isPartial !== 'boolean')
    faults.push({ field: 'isPartial', message: 'expected true or false' });
  const endpoints = given.endpoints ?? [];
  const areTexts = Array.isArray(endpoints) && endpoints.every((endpoint) => typeof endpoint === 'string');
  if (!areTexts) faults.push({ field: 'endpoints', message: 'expected a list of texts' });
  if (faults.length > 0 || !areTexts) return { faults };
  return {
    request: {
      ecosystem: given.ecosystem as string | undefined,
      startsAt: given.startsAt as string,
      duration: given.duration as string,
      isPartial: (given.isPartial as boolean | undefined) ?? endpoints.length > 0,
      explanation: given.explanation as string,
      endpoints,
    },
  };
}
