import { randomUUID } from 'node:crypto';
import type { Answer, Call } from '../../contract/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { DirectoryRecords } from './directory-records.ts';
import type { DirectoryRecord, DirectoryStore, RecordBody, RecordDraft } from './directory-store.ts';
import { composePage, readAskedPage } from './page-records.ts';
import type { Principal } from './principals.ts';
import {
  answerFault,
  answerJson,
  answerMissing,
  answerUnfit,
  type Route,
  type Routes,
  requestOf,
} from './route.ts';
import { type EnvelopeStatus, holdsTerms, mayFollow } from './sign-terms.ts';

const SIGNATURE = 'terms-signature';
const COLLECTION = '/organisations/{OrganisationId}/termsandconditions';
const ITEM = `${COLLECTION}/{ExternalSigningServiceEnvelopeId}`;
/** As many as the contract has templates for. */
const MOST_SIGNERS = 6;

/** Of an organisation in all, those that came to nothing included. */
const MOST_ENVELOPES = 1000;

export interface TermsRoutesSettings {
  readonly records: DirectoryRecords;
  readonly store: DirectoryStore;
  readonly clock: Pick<Clock, 'now'>;
}

/** The operations by which an organisation signs terms and conditions: one envelope each, from created to completed. */
export function createTermsRoutes({ records, store, clock }: TermsRoutesSettings): Routes {
  async function start(call: Call, by: Principal): Promise<Answer> {
    const { TnCId, NoOfSigners = 1 } = requestOf(call);
    const organisationId = call.path.OrganisationId as string;
    if (!(await records.read('organisation', [], organisationId))) return answerMissing();
    const terms = await records.read('terms', [], String(TnCId));
    if (terms?.body.Type !== 'Participant' || terms.body.Status !== 'Active')
      return answerUnfit('não há termos vigentes com este TnCId para participantes');
    if (!(Number(NoOfSigners) >= 1 && Number(NoOfSigners) <= MOST_SIGNERS))
      return answerUnfit(`NoOfSigners deve ser de 1 a ${MOST_SIGNERS}`);

    const { total } = await store.page({
      kinds: [SIGNATURE],
      under: [organisationId],
      sort: [],
      offset: 0,
      limit: 1,
    });
    if (total >= MOST_ENVELOPES) return answerUnfit('a organização atingiu o número máximo de assinaturas');

    const draft = draftOf(organisationId, randomUUID(), {
      TnCId: terms.body.TnCId,
      TermsRevision: terms.revision,
      NoOfSigners,
      EnvelopeStatus: 'created',
      InitiatedBy: by.email ?? by.clientId,
      Role: by.roles[0]?.role,
      InititatedDate: new Date(clock.now()).toISOString(),
    });
    const needs = [
      { kind: 'organisation', parents: [], id: organisationId },
      { kind: 'terms', parents: [], id: terms.id, revision: terms.revision },
    ];
    const outcome = await store.write([{ put: draft, expected: 0 }], needs);
    if (outcome === 'taken')
      return answerFault(call, {
        reason: 'taken',
        detail: 'os termos já foram assinados ou estão em assinatura',
      });
    if (outcome !== 'written')
      return answerFault(call, {
        reason: 'busy',
        detail: 'os termos estão sendo alterados; tente novamente',
      });
    return answerJson(call, composeDetail({ ...draft, revision: 1 }, terms), 201);
  }

  function draftOf(
    organisationId: string,
    id: string,
    body: RecordBody,
    createdAt = clock.now(),
  ): RecordDraft {
    const isHeld = holdsTerms(body.EnvelopeStatus as EnvelopeStatus);
    const unique = isHeld ? JSON.stringify([organisationId, body.TnCId, body.TermsRevision]) : undefined;
    return {
      kind: SIGNATURE,
      parents: [organisationId],
      id,
      body,
      unique,
      createdAt,
      updatedAt: clock.now(),
    };
  }

  function find(call: Call): Promise<DirectoryRecord | undefined> {
    const { OrganisationId = '', ExternalSigningServiceEnvelopeId: id = '' } = call.path;
    return store.read({ kind: SIGNATURE, parents: [OrganisationId], id });
  }

  async function poll(call: Call): Promise<Answer> {
    const signature = await find(call);
    return signature ? answerJson(call, composePoll(signature)) : answerMissing();
  }

  async function advance(call: Call): Promise<Answer> {
    const signature = await find(call);
    if (!signature) return answerMissing();
    const { ExternalSigningServiceEnvelopeStatus: next } = requestOf(call);
    const current = signature.body.EnvelopeStatus as EnvelopeStatus;
    if (!mayFollow(current, String(next)))
      return answerUnfit('a assinatura não pode passar de seu estado atual ao informado');
    const [organisationId = ''] = signature.parents;
    const body = { ...signature.body, EnvelopeStatus: next };
    const put = draftOf(organisationId, signature.id, body, signature.createdAt);
    const outcome = await store.write([{ put, expected: signature.revision }]);
    if (outcome !== 'written')
      return answerFault(call, {
        reason: 'busy',
        detail: 'a assinatura está sendo alterada; tente novamente',
      });
    return answerJson(call, composePoll({ ...put, revision: signature.revision + 1 }));
  }

  async function readHistory(call: Call): Promise<Answer> {
    const asked = readAskedPage(call);
    if ('kind' in asked) return asked;
    const organisationId = call.path.OrganisationId as string;
    if (!(await records.read('organisation', [], organisationId))) return answerMissing();
    const found = await store.page({ ...asked, kinds: [SIGNATURE], under: [organisationId] });
    const terms = await store.list({ kinds: ['terms'] });
    const content = found.records.map((signature) =>
      composeDetail(
        signature,
        terms.find(({ body }) => body.TnCId === signature.body.TnCId),
      ),
    );
    return answerJson(call, composePage(content, found.total, asked));
  }

  return new Map<string, Route>([
    [`POST ${COLLECTION}`, { verb: 'create', area: 'signing', serve: start }],
    [`GET ${ITEM}`, { verb: 'read', area: 'signing', serve: poll }],
    [`PUT ${ITEM}`, { verb: 'update', area: 'signing', serve: advance }],
    ['GET /organisations/{OrganisationId}/tnchistory', { verb: 'read', area: 'signing', serve: readHistory }],
  ]);
}

/** Without the envelope's passcode, which is for its signers only. */
function composeDetail({ id, body }: DirectoryRecord, terms: DirectoryRecord | undefined): RecordBody {
  return {
    InitiatedBy: body.InitiatedBy,
    Role: body.Role,
    TermsAndConditionsDetail: {
      TermsAndConditionsItem: terms?.body,
      InititatedDate: body.InititatedDate,
      ExternalSigningServiceEnvelopeId: id,
      ExternalSigningServiceEnvelopeStatus: body.EnvelopeStatus,
    },
  };
}

function composePoll({ id, parents, body }: DirectoryRecord): RecordBody {
  return {
    OrganisationId: parents[0],
    EssEnvelopeId: id,
    ExternalSigningServiceEnvelopeStatus: body.EnvelopeStatus,
  };
}
