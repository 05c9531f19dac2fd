import type { Generated } from 'kysely';

/** The tables as the newest migration leaves them. Numbers of type bigint are read as JavaScript numbers. */
export interface Tables {
  readonly node_batches: {
    node: string;
    sequence: number;
    stored_at: Generated<Date>;
  };
  readonly endpoints: {
    id: Generated<number>;
    ecosystem: string;
    key: string;
  };
  readonly endpoint_seconds: {
    /** Minutes since the epoch. */
    minute: number;
    endpoint: number;
    calls: number[];
  };
  readonly ecosystem_seconds: {
    minute: number;
    ecosystem: string;
    calls: number[];
  };
  readonly endpoint_days: {
    day: string;
    endpoint: number;
    calls: number;
    unattended_calls: number;
    errors: number;
    rejections: number;
    timed_calls: number;
    duration_micros: number;
    unattended_timed_calls: number;
    unattended_duration_micros: number;
    latency: number[];
    peak: number;
  };
  readonly ecosystem_days: {
    day: string;
    ecosystem: string;
    peak: number;
  };
  readonly probes: {
    ecosystem: string;
    slot: number;
    /** Index in `PROBE_CODES`: the larger, the more severe. */
    severity: number;
    unavailable: string[];
  };
  readonly probe_runs: {
    ecosystem: string;
    from_slot: number;
    to_slot: number;
    severity: number;
    unavailable: string[];
  };
  readonly outages: {
    id: string;
    ecosystem: string | null;
    /** Instants and durations are milliseconds, as in the port. */
    starts_at: number;
    duration_ms: number;
    duration: string;
    is_partial: boolean;
    explanation: string;
    endpoints: string[];
    announced_at: number;
    cancelled_at: number | null;
  };
  readonly key_roots: {
    name: string;
    /** Id of the master key that sealed it. */
    master_key: string;
    sealed: Buffer;
  };
  readonly persons: {
    id: string;
    /** HMAC of the person's document. */
    lookup: Buffer;
    master_key: string;
    /** The person's key, sealed with the master key. */
    sealed_key: Buffer;
    /** The person's document, encrypted with their key. */
    document: Buffer;
  };
  readonly consents: {
    id: string;
    ecosystem: string;
    client_id: string;
    organisation_id: string;
    status: string;
    /** Instants are milliseconds since the epoch. */
    created_at: number;
    status_updated_at: number;
    expires_at: number | null;
    permissions: string[];
    is_linked: boolean | null;
    rejection: unknown;
    subject: string | null;
    grant_id: string | null;
    /** Whose key encrypts `personal` and `selection`. */
    person: string;
    personal: Buffer;
    selection: Buffer | null;
    idempotency_key: string | null;
    fingerprint: string | null;
    revision: number;
    /** Of the recorded states of its resources; the only column that no line of the ledger tells. */
    resources_revision: number;
  };
  readonly resource_lists: {
    consent: string;
    /** When the list of all its resources was ready for the first time. */
    ready_at: number;
  };
  readonly resource_states: {
    consent: string;
    /** Public id. */
    resource: string;
    type: string;
    status: string;
    reason: string;
    /** When it came into that status. */
    since: number;
  };
  readonly resource_transitions: {
    /** Order in which they were recorded. */
    position: Generated<number>;
    consent: string;
    resource: string;
    type: string;
    from_status: string | null;
    to_status: string;
    reason: string;
    at: number;
  };
  readonly consent_approvers: {
    consent: string;
    person: string;
  };
  readonly consent_extensions: {
    consent: string;
    /** Of the consent, once it was extended. */
    revision: number;
    requested_at: number;
    expires_at: number | null;
    previous_expires_at: number | null;
    personal: Buffer;
  };
  readonly consent_ledger: {
    /** Counts from 1 without gaps. */
    seq: number;
    /** Of the form that is hashed. */
    version: number;
    at: number;
    consent: string;
    event: string;
    actor: string;
    revision: number;
    /** Canonical JSON. */
    body: string;
    previous_hash: Buffer;
    hash: Buffer;
  };
  readonly consent_ledger_head: {
    singleton: Generated<boolean>;
    seq: number;
    hash: Buffer;
  };
  readonly artifacts: {
    key: Buffer;
    issuer: string;
    model: string;
    uid: Buffer | null;
    grant_id: string | null;
    client_id: string | null;
    payload: Buffer;
    expires_at: number | null;
    consumed_at: number | null;
  };
  readonly signing_keys: {
    issuer: string;
    kid: string;
    master_key: string;
    sealed_jwk: Buffer;
    signs_from: number;
    ends_at: number;
  };
  readonly held_keys: {
    purpose: string;
    generation: number;
    sealed: Buffer;
    published: string;
    signs_from: number;
  };
  readonly certificates: {
    serial_number: string;
    /** Order of issue. */
    position: Generated<number>;
    issuer: string;
    use: string;
    organisation_id: string | null;
    software_id: string | null;
    certificate: string;
    chain: string;
    thumbprint: string;
    not_before: number;
    not_after: number;
    revoked_at: number | null;
    revocation_reason: string | null;
    renewed_by: string | null;
  };
  readonly participant_keys: {
    organisation_id: string;
    /** Empty for keys of the organisation itself. */
    software_id: string;
    kid: string;
    position: Generated<number>;
    name: string;
    jwk: unknown;
    added_at: number;
    deactivated_at: number | null;
  };
  readonly call_records: {
    /** Days since the epoch, UTC. */
    day: number;
    id: string;
    /** When the newest of its calls was answered. */
    at: number;
    /** In lower case. */
    interaction_ids: string[];
    /** JSON. */
    calls: string;
  };
}
