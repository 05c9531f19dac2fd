import type { ProblemCode } from '../kernel/problem.ts';
import type { IdentityDocument } from './consent.ts';
import type { ConsentProfile, CreationRule, PersonKind } from './consent-profile.ts';
import { isAcceptableEnd } from './end-date.ts';
import { isCompanyDocument, isNaturalDocument } from './identity-document.ts';
import { grantablePermissions, mixesExclusiveGroups, uncoveredPermissions } from './permission-coverage.ts';

/** What a receiver asks for, in the profile's spelling. */
export interface ConsentRequest {
  readonly permissions: readonly string[];
  readonly loggedUser: IdentityDocument;
  readonly businessEntity: IdentityDocument | undefined;
  /** Milliseconds since the epoch; undefined for no end, NaN for what is no date. */
  readonly expiresAt: number | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly isLinked: boolean | undefined;
}

/** What a request is judged by besides itself. Whether the person is a customer is not among it. */
export interface RequestSurroundings {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What the institution offers: resource types, and scopes of what has no resource type. */
  readonly offered: ReadonlySet<string>;
}

export type Judgement = { readonly granted: readonly string[] } | { readonly refusal: ProblemCode };

/** Judges a request by the rules of its ecosystem in their order: what is granted, or the first rule that it breaks. */
export function judgeRequest(
  profile: ConsentProfile,
  request: ConsentRequest,
  surroundings: RequestSurroundings,
): Judgement {
  const requested = new Set(request.permissions);
  const granted = grantablePermissions(profile, requested, surroundings.offered);
  const context = { profile, request, requested, granted, now: surroundings.now };
  for (const rule of profile.creationRules) {
    const refusal = RULES[rule](context);
    if (refusal) return { refusal };
  }
  return { granted };
}

interface RuleContext {
  readonly profile: ConsentProfile;
  readonly request: ConsentRequest;
  readonly requested: ReadonlySet<string>;
  readonly granted: readonly string[];
  readonly now: number;
}

const RULES: Readonly<Record<CreationRule, (context: RuleContext) => ProblemCode | undefined>> = {
  'known-permissions': ({ profile, request }) =>
    refuse(!request.permissions.every((name) => profile.permissions.has(name)), 'PERMISSAO_DESCONHECIDA'),

  'distinct-permissions': ({ request, requested }) =>
    refuse(requested.size !== request.permissions.length, 'PERMISSAO_REPETIDA'),

  'valid-documents': ({ request: { loggedUser, businessEntity } }) =>
    refuse(
      !isNaturalDocument(loggedUser) || (businessEntity !== undefined && !isCompanyDocument(businessEntity)),
      'DOCUMENTO_INVALIDO',
    ),

  'one-kind-of-person': (context) =>
    refuse(concerns(context, 'natural') && concerns(context, 'legal'), 'PERMISSAO_PF_PJ_EM_CONJUNTO'),

  'company-present': (context) =>
    refuse(
      concerns(context, 'legal') && context.request.businessEntity === undefined,
      'INFORMACOES_PJ_NAO_INFORMADAS',
    ),

  'company-permissions': (context) =>
    refuse(
      concerns(context, 'natural') && context.request.businessEntity !== undefined,
      'PERMISSOES_PJ_INCORRETAS',
    ),

  'one-exclusive-group': ({ profile, requested }) =>
    refuse(mixesExclusiveGroups(profile, requested), 'AGRUPAMENTOS_EXCLUSIVOS_EM_CONJUNTO'),

  'complete-groups': ({ profile, requested }) =>
    refuse(uncoveredPermissions(profile, requested).length > 0, 'COMBINACAO_PERMISSOES_INCORRETA'),

  'service-details': ({ profile, request, requested }) =>
    refuse(
      profile.details.some(
        ({ member, permissions }) =>
          permissions.some((name) => requested.has(name)) && request.details?.[member] === undefined,
      ),
      'INFORMACOES_DO_SERVICO_NAO_INFORMADAS',
    ),

  'end-date': ({ profile, request, now }) =>
    refuse(!isAcceptableEnd(profile.expiry, request.expiresAt, now), 'DATA_EXPIRACAO_INVALIDA'),

  'offered-products': ({ profile, granted }) =>
    refuse(
      granted.every((name) => name === profile.companion),
      'SEM_PERMISSOES_FUNCIONAIS_RESTANTES',
    ),
};

function refuse(isBroken: boolean, code: ProblemCode): ProblemCode | undefined {
  return isBroken ? code : undefined;
}

function concerns({ profile, requested }: RuleContext, person: PersonKind): boolean {
  return [...requested].some((name) => profile.permissions.get(name)?.person === person);
}
