import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request of the customer's browser. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Below the issuer's path. */
  readonly url: URL;
  /** What was sent with POST; empty for other methods. */
  readonly form: URLSearchParams;
}

/** What a step of the journey ends in. */
export type Outcome =
  | { readonly kind: 'page'; readonly page: Page }
  /** Path below the issuer's. */
  | { readonly kind: 'redirect'; readonly path: string }
  /** Somebody else has answered. */
  | { readonly kind: 'sent' };

export interface Page {
  /** 200 when undefined. */
  readonly status?: number;
  readonly template: string;
  readonly content: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a path does by method. A path for forms only leads, when it is fetched, to where its form is. */
export interface RouteMethods {
  readonly GET: (exchange: Exchange) => Promise<Outcome>;
  readonly POST?: (exchange: Exchange) => Promise<Outcome>;
}

/** Ends in a page. */
export function show(
  template: string,
  content: object,
  extra: Pick<Page, 'status' | 'headers'> = {},
): Outcome {
  return { kind: 'page', page: { ...extra, template, content } };
}

/** Ends in another page of the journey. */
export function goTo(path: string): Outcome {
  return { kind: 'redirect', path };
}

/** Ends in a page that says something and offers one way on. */
export function tell(message: Message, status = 200): Outcome {
  return show('message', message, { status });
}

export interface Message {
  readonly title: string;
  readonly text: string;
  readonly link?: { readonly path: string; readonly label: string };
}

/** Ends a step early with a message. */
export class PageFault extends Error {
  readonly status: number;
  readonly outcome: Outcome;

  constructor(status: number, message: Message) {
    super(message.title);
    this.status = status;
    this.outcome = tell(message, status);
  }
}
