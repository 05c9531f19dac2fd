import type { Json } from './send-request.ts';
import { PUBLIC_ORIGIN, type RunningHolder } from './start-data-holder.ts';

/** One page as it came, and the links that it gave. */
export interface VisitedPage {
  readonly answer: Json;
  readonly links: Readonly<Record<string, string>>;
}

/** Walks from an address along its `next` or `prev` links until there is none. */
export async function followLinks(
  { get }: Pick<RunningHolder, 'get'>,
  path: string,
  direction: 'next' | 'prev' = 'next',
): Promise<VisitedPage[]> {
  const pages: VisitedPage[] = [];
  let at: string | undefined = path;
  while (at !== undefined) {
    const received = await get(at);
    if (received.status !== 200) throw new Error(`${at} answered ${received.status}: ${received.bytes}`);
    const answer = received.json();
    const links = linksIn(answer);
    pages.push({ answer, links });
    if (pages.length > 10_000) throw new Error(`links from ${path} lead nowhere`);
    at = links[direction]?.replace(PUBLIC_ORIGIN, '');
  }
  return pages;
}

/** The links of an answer, under whichever name and at whichever place its contract puts them. */
export function linksIn(answer: Json): Record<string, string> {
  const holder = Array.isArray(answer) ? answer[0] : answer;
  return holder?.links ?? holder?.linksPaginated ?? {};
}
