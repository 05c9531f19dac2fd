/** What FAPI-BR leaves no choice about; DCR profile, §7 and security profile, §5.2. */
export const FIXED_METADATA = {
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: 'PS256',
  request_object_signing_alg: 'PS256',
  id_token_signed_response_alg: 'PS256',
  id_token_encrypted_response_alg: 'RSA-OAEP',
  id_token_encrypted_response_enc: 'A256GCM',
  subject_type: 'public',
  require_pushed_authorization_requests: true,
  tls_client_certificate_bound_access_tokens: true,
} as const;

export const RESPONSE_TYPES = ['code id_token'] as const;
export const RESPONSE_MODES = ['fragment'] as const;
/** All that may be registered. `implicit` is there because of the ID token in the authorization response. */
export const GRANT_TYPES = ['authorization_code', 'implicit', 'refresh_token', 'client_credentials'] as const;

/** Members of a client that no standard defines, taken from its software statement. */
export const STATEMENT_METADATA = [
  'software_statement',
  'software_id',
  'org_id',
  'org_name',
  'webhook_uris',
] as const;
