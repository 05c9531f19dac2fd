/**
 * Something that kept customer data from being answered as it was found. Nothing in it is personal, but for the error of
 * a connector that does not keep to its port.
 */
export type CustomerDataEvent = {
  /** Key of the operation. */
  readonly operation: string;
  readonly interactionId: string | undefined;
} & (
  | {
      /**
       * `breach`: it breaks its contract, or its connector does not say whose it is. `foreign`: it is of another resource
       * or customer than was asked for.
       */
      readonly kind: 'breach' | 'foreign';
      /** How many records it concerns; 1 for an answer that is none. */
      readonly records: number;
      /** Whether the others were answered without them. */
      readonly isServed: boolean;
      /** JSON pointer (RFC 6901) into the first of them. */
      readonly pointer: string;
      readonly reason: string;
    }
  | {
      /** `late`: the institution's systems took all the time there was. `away`: they failed. */
      readonly kind: 'late' | 'away';
      /** What the operator calls the connector to them. */
      readonly connector: string;
      /** Milliseconds that they were given or took. */
      readonly waitedMs: number;
      /** Whether an answer from before was served in place of theirs. */
      readonly isServed: boolean;
      readonly error?: unknown;
    }
);

export type OnCustomerDataEvent = (event: CustomerDataEvent) => void;
