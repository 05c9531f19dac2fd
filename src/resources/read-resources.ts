import type { Institution } from '../connectors/institution.ts';
import type { ConsentProfile } from '../consents/consent-profile.ts';
import type { Consents } from '../consents/consents.ts';
import { type Answer, answerProblem, type Call, type Step } from '../contract/call.ts';
import { composeAnswer } from '../contract/compose-answer.ts';
import type { Clock } from '../kernel/clock.ts';
import { createProblem } from '../kernel/problem.ts';
import { reachResources } from './reach-resources.ts';

/** Longest wait for the institution's systems: the service level of this API less guiche's own share. */
const INSTITUTION_TIMEOUT_MS = 1_400;

export interface ReadResourcesSettings {
  readonly profile: ConsentProfile;
  readonly consents: Pick<Consents, 'find'>;
  readonly institution: Pick<Institution, 'customerWith' | 'discover'>;
  /** The public id of a customer's resource. */
  readonly publicIdOf: (subject: string, type: string, ref: string) => string;
  /** Origin that links start with. */
  readonly baseUrl: string;
  readonly maxPageSize: number;
  readonly clock: Pick<Clock, 'now'>;
}

/** Creates the step that answers the Resources API: what the consent of the token reaches, and in which state it is. */
export function createReadResources(settings: ReadResourcesSettings): Step {
  const { profile, consents, institution, publicIdOf, baseUrl, maxPageSize, clock } = settings;

  return async (call: Call): Promise<Answer> => {
    const { consentId, subject } = call.caller ?? {};
    if (consentId === undefined || subject === undefined)
      throw new Error(`${call.operation.key} was served to nobody`);
    const consent = await consents.find(consentId);
    if (consent?.status !== 'AUTHORISED')
      return answerProblem(createProblem('CONSENTIMENTO_NAO_AUTORIZADO'), {
        'www-authenticate': 'Bearer error="invalid_token"',
      });
    if (!consent.permissions.includes(profile.companion))
      return answerProblem(createProblem('PERMISSAO_NAO_CONCEDIDA'));

    const reached = await reachResources(
      consent,
      profile,
      institution,
      AbortSignal.timeout(INSTITUTION_TIMEOUT_MS),
    );
    const list = reached.map(({ type, ref, status }) => ({
      resourceId: publicIdOf(subject, type, ref),
      type,
      status,
    }));
    return composeAnswer(call, { list }, { baseUrl, maxPageSize, at: clock.now() });
  };
}
