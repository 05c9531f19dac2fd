/** An access token and when it ends, in milliseconds since the epoch. */
export interface KeptToken {
  readonly accessToken: string;
  readonly expiresAt: number;
}

/** One access token at a time, renewed before it ends. */
export interface TokenKeeper {
  /** A token that lasts for a while yet. Rejects as obtaining one does. */
  token(signal?: AbortSignal): Promise<string>;
  /** Another token than one that was refused. */
  instead(refused: string, signal?: AbortSignal): Promise<string>;
  readonly current: KeptToken | undefined;
}

export interface TokenKeeperSettings {
  readonly initial?: KeptToken;
  /** Gets a new token. Callers that need one at the same time share the attempt. */
  readonly obtain: () => Promise<KeptToken>;
  readonly now: () => number;
}

/** A token with less than this left is renewed before it is used: clocks differ, and requests take their time. */
const MARGIN_MS = 30_000;

/** Creates a keeper, with nothing kept unless a token is given. */
export function createTokenKeeper({ initial, obtain, now }: TokenKeeperSettings): TokenKeeper {
  let kept = initial;
  let obtaining: Promise<KeptToken> | undefined;

  /** Goes on for the others when one of those who wait gives up. */
  async function renew(signal: AbortSignal | undefined): Promise<string> {
    obtaining ??= obtain()
      .then((token) => {
        kept = token;
        return token;
      })
      .finally(() => {
        obtaining = undefined;
      });
    return (await orAborted(obtaining, signal)).accessToken;
  }

  return {
    async token(signal) {
      return kept !== undefined && kept.expiresAt - now() > MARGIN_MS ? kept.accessToken : renew(signal);
    },
    async instead(refused, signal) {
      return kept !== undefined && kept.accessToken !== refused ? kept.accessToken : renew(signal);
    },
    get current() {
      return kept;
    },
  };
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
