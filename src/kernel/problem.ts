/** One way in which a request can fail, as its caller is told. */
interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** For `docs/errors.md`: when it happens, in English. */
  readonly when: string;
}

/**
 * Every error that guiche answers with, by stable code; `docs/errors.md` is held to this table by a test.
 * Titles and details are read by receivers and so are in Portuguese.
 */
export const PROBLEMS = {
  REQUISICAO_MALFORMADA: {
    status: 400,
    title: 'Requisição malformada',
    detail: 'A requisição não pôde ser interpretada como HTTP ou sua URL está codificada de forma inválida.',
    when: 'The request is not valid HTTP, or its URL is badly encoded.',
  },
  PARAMETRO_INVALIDO: {
    status: 400,
    title: 'Parâmetro inválido',
    detail: 'Um parâmetro da requisição não tem o formato definido pelo contrato da API.',
    when: 'A path or query parameter does not have the form that the contract gives it.',
  },
  PARAMETRO_REPETIDO: {
    status: 400,
    title: 'Parâmetro repetido',
    detail: 'Um parâmetro da requisição foi informado mais de uma vez.',
    when: 'A query parameter that the contract declares stands more than once in the URL.',
  },
  CORPO_MALFORMADO: {
    status: 400,
    title: 'Corpo da requisição malformado',
    detail: 'O corpo da requisição não pôde ser lido como JSON.',
    when: 'The body did not arrive whole, is not strict JSON, or is of a media type that the contract does not have and has no 415 for.',
  },
  PERMISSAO_DESCONHECIDA: {
    status: 400,
    title: 'Permissão desconhecida',
    detail: 'Uma das permissões informadas não existe nos agrupamentos definidos para o consentimento.',
    when: 'A consent is asked for with a permission that no group of its ecosystem has.',
  },
  PERMISSAO_REPETIDA: {
    status: 400,
    title: 'Permissão repetida',
    detail: 'Uma das permissões foi informada mais de uma vez.',
    when: 'A consent is asked for with the same permission twice.',
  },
  INFORMACOES_DO_SERVICO_NAO_INFORMADAS: {
    status: 400,
    title: 'Informações do serviço não informadas',
    detail: 'As permissões informadas exigem dados adicionais sobre o serviço, que não constam do pedido.',
    when: 'A consent for a service is asked for without the member of `data` that describes the service.',
  },
  CORPO_INVALIDO: {
    status: 400,
    title: 'Corpo da requisição inválido',
    detail: 'O corpo da requisição não tem a forma definida pelo contrato da API.',
    when: 'The body is missing, or does not have the form that the contract gives it.',
  },
  CABECALHO_INVALIDO: {
    status: 400,
    title: 'Cabeçalho inválido',
    detail: 'Um cabeçalho da requisição não tem o formato definido pelo contrato da API.',
    when: 'A request header that the contract requires is missing, or does not have the form that the contract gives it.',
  },
  REGISTRO_INVALIDO: {
    status: 400,
    title: 'Registro inválido',
    detail: 'O registro não atende às regras do diretório.',
    when: 'A record of the sandbox directory breaks a rule that its contract does not tell, such as a claim for a role that does not exist.',
  },
  TOKEN_DO_DIRETORIO_INVALIDO: {
    status: 401,
    title: 'Não autenticado',
    detail:
      'O token de acesso está ausente, expirado, é inválido ou não pertence ao certificado apresentado.',
    when: 'The sandbox directory was called without a good token of its own, or with the certificate of somebody else.',
  },
  ACESSO_AO_DIRETORIO_NEGADO: {
    status: 403,
    title: 'Acesso negado',
    detail: 'O papel de quem chama não permite esta operação sobre este registro do diretório.',
    when: 'The caller of the sandbox directory has no role that may do this with records of this kind and owner.',
  },
  CERTIFICADO_NAO_ACEITO: {
    status: 401,
    title: 'Certificado não aceito',
    detail: 'É necessário um certificado de cliente válido, emitido para um participante do ecossistema.',
    when: 'No client certificate, or one that the directory does not vouch for: unknown authority, expired, revoked, no participant.',
  },
  TOKEN_AUSENTE: {
    status: 401,
    title: 'Token não informado',
    detail: 'O cabeçalho authorization com um token de acesso não foi informado.',
    when: 'The `authorization` header is missing. Tokens in the URL are not looked at.',
  },
  TOKEN_INVALIDO: {
    status: 401,
    title: 'Token inválido',
    detail:
      'O token de acesso é desconhecido, expirou ou não foi emitido para este certificado e esta operação.',
    when: "The token is no bearer token, is unknown, expired or revoked, is bound to another certificate, or is of the other kind: the client's own where a customer's consent is needed, or the reverse.",
  },
  CONSENTIMENTO_NAO_AUTORIZADO: {
    status: 401,
    title: 'Consentimento não autorizado',
    detail: 'O consentimento ao qual o token pertence não está autorizado.',
    when: 'The consent of the token is awaiting, rejected or over, or the token is of an earlier authorisation.',
  },
  ESCOPO_INSUFICIENTE: {
    status: 403,
    title: 'Escopo insuficiente',
    detail: 'O token de acesso não tem o escopo exigido por esta operação.',
    when: 'The token lacks a scope that the contract of the operation names; `www-authenticate` lists them.',
  },
  PERMISSAO_NAO_CONCEDIDA: {
    status: 403,
    title: 'Permissão não concedida',
    detail: 'O consentimento não contém a permissão exigida por este recurso.',
    when: 'The consent of the access token does not have the permission that the operation needs.',
  },
  RESOURCE_FORBIDDEN: {
    status: 403,
    title: 'Recurso não compartilhado',
    detail: 'O recurso solicitado não faz parte deste consentimento.',
    when: 'The consent does not reach the resource, or there is none with the id: the answer is the same.',
  },
  STATUS_RESOURCE_PENDING_AUTHORISATION: {
    status: 403,
    title: 'Aguardando autorização de múltiplas alçadas',
    detail: 'O recurso aguarda a autorização das demais pessoas que devem aprovar o compartilhamento.',
    when: 'The resource is shared by the consent once further approvers have agreed.',
  },
  STATUS_RESOURCE_TEMPORARILY_UNAVAILABLE: {
    status: 403,
    title: 'Recurso temporariamente indisponível',
    detail: 'O recurso está temporariamente bloqueado na instituição.',
    when: 'The resource is blocked for a time, and not shown in the channels of the institution.',
  },
  STATUS_RESOURCE_UNAVAILABLE: {
    status: 403,
    title: 'Recurso indisponível',
    detail: 'O recurso foi encerrado, migrado ou bloqueado, ou seu compartilhamento foi recusado.',
    when: 'The resource is closed, migrated or blocked for good, or a further approver refused.',
  },
  ACESSO_RESTRITO: {
    status: 403,
    title: 'Acesso restrito',
    detail: 'Este recurso só pode ser consultado pelo diretório de participantes.',
    when: 'The address of the caller is not in `metrics.allow`.',
  },
  CONSENTIMENTO_DE_OUTRO_CLIENTE: {
    status: 403,
    title: 'Consentimento de outro cliente',
    detail: 'O consentimento informado não pertence ao cliente que fez a requisição.',
    when: 'The consent was created by another client.',
  },
  TOKEN_DE_OUTRO_CONSENTIMENTO: {
    status: 403,
    title: 'Token de outro consentimento',
    detail: 'O token de acesso não foi emitido para o consentimento informado.',
    when: 'A consent is to be renewed with a token that belongs to another one.',
  },
  TITULAR_DIVERGENTE: {
    status: 403,
    title: 'Titular divergente',
    detail: 'As pessoas informadas não são as que podem renovar este consentimento.',
    when: 'A consent is to be renewed by another person, for another company, or by somebody who may not act for the company.',
  },
  CONSENTIMENTO_NAO_ENCONTRADO: {
    status: 404,
    title: 'Consentimento não encontrado',
    detail: 'Não há consentimento com o identificador informado.',
    when: 'No consent of the ecosystem has the id.',
  },
  ROTA_DESCONHECIDA: {
    status: 404,
    title: 'Recurso não encontrado',
    detail: 'O caminho solicitado não corresponde a nenhuma API desta instituição.',
    when: 'No contract has the path.',
  },
  OPERACAO_NAO_DISPONIVEL: {
    status: 404,
    title: 'Operação não disponível',
    detail: 'Esta operação não está disponível nesta instituição.',
    when: 'A contract has the operation, and this version of guiche does not serve its kind; `guiche routes` says why.',
  },
  PRODUTO_NAO_OFERTADO: {
    status: 404,
    title: 'Recurso não encontrado',
    detail: 'A instituição não oferece o produto ou serviço solicitado.',
    when: 'The data folder has no file for the endpoint: the institution does not offer the product.',
  },
  SEM_REGISTROS: {
    status: 404,
    title: 'Recurso não encontrado',
    detail: 'Não há registros para os parâmetros informados.',
    when: 'No record matches and the contract allows neither an empty list nor a 204.',
  },
  REGISTRO_INEXISTENTE: {
    status: 404,
    title: 'Registro não encontrado',
    detail: 'O diretório não tem o registro solicitado.',
    when: 'The sandbox directory has no record at the path, or not the one that it belongs to.',
  },
  METODO_NAO_PERMITIDO: {
    status: 405,
    title: 'Método não permitido',
    detail: 'O método HTTP utilizado não é permitido para este recurso.',
    when: 'The path exists with other methods, which the `allow` header lists.',
  },
  FORMATO_NAO_ACEITO: {
    status: 406,
    title: 'Formato não aceito',
    detail: 'As respostas desta API são fornecidas somente no formato application/json.',
    when: 'The `accept` header excludes JSON.',
  },
  VERSAO_NAO_SUPORTADA: {
    status: 406,
    title: 'Versão não suportada',
    detail: 'Nenhuma versão entre x-min-v e x-v é suportada.',
    when: 'No supported version lies between `x-min-v` and `x-v`.',
  },
  REGISTRO_EM_CONFLITO: {
    status: 409,
    title: 'Registro em conflito',
    detail: 'Já existe um registro igual no diretório.',
    when: 'The sandbox directory has another record with the same unique members, or one that changed meanwhile; 400 where the contract has no 409.',
  },
  TEMPO_ESGOTADO: {
    status: 408,
    title: 'Tempo esgotado',
    detail: 'A requisição não foi recebida por completo no tempo permitido.',
    when: 'The request took too long to arrive.',
  },
  CORPO_MUITO_GRANDE: {
    status: 413,
    title: 'Corpo da requisição muito grande',
    detail: 'O corpo da requisição excede o tamanho permitido.',
    when: 'The body exceeds 64 KB.',
  },
  TIPO_DE_CONTEUDO_NAO_SUPORTADO: {
    status: 415,
    title: 'Tipo de conteúdo não suportado',
    detail:
      'O corpo da requisição deve ter um tipo de conteúdo definido pelo contrato da API, sem compactação.',
    when: 'The body is compressed, or of a media type that the contract does not have; the latter is 400 where it has no 415.',
  },
  PAGINA_MUITO_GRANDE: {
    status: 422,
    title: 'Tamanho de página não suportado',
    detail: 'O parâmetro page-size excede o máximo permitido.',
    when: 'The page size is above the maximum of the contract, or 1000 where it has none; 400 where the contract has no 422.',
  },
  PERIODO_NAO_PERMITIDO: {
    status: 422,
    title: 'Período não permitido',
    detail: 'O período informado começa antes do que esta consulta permite.',
    when: 'A span of dates begins earlier than the operation looks back, such as seven days in recent transactions; 400 where the contract has no 422.',
  },
  DOCUMENTO_INVALIDO: {
    status: 422,
    title: 'Documento de identificação inválido',
    detail: 'Um dos documentos de identificação informados não é um CPF ou CNPJ válido.',
    when: 'A CPF or CNPJ of a request for a consent has wrong check digits or another `rel`; the same whether or not its holder is a customer.',
  },
  PERMISSAO_PF_PJ_EM_CONJUNTO: {
    status: 422,
    title: 'Permissões de pessoa natural e jurídica em conjunto',
    detail: 'O pedido reúne permissões de dados cadastrais de pessoa natural e de pessoa jurídica.',
    when: 'Permissions to read customer data of natural persons and of companies are asked for together.',
  },
  INFORMACOES_PJ_NAO_INFORMADAS: {
    status: 422,
    title: 'Informações da pessoa jurídica não informadas',
    detail: 'O pedido tem permissões de pessoa jurídica, mas não informa a empresa em businessEntity.',
    when: 'Permissions that concern a company are asked for without `businessEntity`.',
  },
  PERMISSOES_PJ_INCORRETAS: {
    status: 422,
    title: 'Permissões de pessoa jurídica incorretas',
    detail: 'O pedido informa uma empresa em businessEntity, mas tem permissões de pessoa natural.',
    when: 'Permissions that concern natural persons are asked for together with `businessEntity`.',
  },
  COMBINACAO_PERMISSOES_INCORRETA: {
    status: 422,
    title: 'Combinação de permissões incorreta',
    detail: 'Pelo menos uma das permissões foi informada sem as demais do seu agrupamento.',
    when: 'A permission is asked for without all others of at least one of its groups; 400 in Open Insurance.',
  },
  AGRUPAMENTOS_EXCLUSIVOS_EM_CONJUNTO: {
    status: 422,
    title: 'Agrupamentos exclusivos em conjunto',
    detail:
      'As permissões de iniciação de serviço devem ser informadas sozinhas, de um único agrupamento por consentimento.',
    when: 'Permissions of a group that must stand alone are asked for together with others.',
  },
  DATA_EXPIRACAO_INVALIDA: {
    status: 422,
    title: 'Data de expiração inválida',
    detail:
      'A data de expiração está no passado, não é posterior à vigente ou excede o prazo máximo permitido.',
    when: 'The end date of a consent is past, too far ahead, missing where it must be finite, or, of a renewal, not later than the present one; creating with one is 400 in Open Insurance.',
  },
  SEM_PERMISSOES_FUNCIONAIS_RESTANTES: {
    status: 422,
    title: 'Sem permissões funcionais restantes',
    detail: 'A instituição não oferece nenhum dos produtos a que as permissões informadas se referem.',
    when: 'Of the permissions asked for none is left that concerns what the institution offers.',
  },
  CONSENTIMENTO_EM_STATUS_REJEITADO: {
    status: 422,
    title: 'Consentimento já encerrado',
    detail: 'O consentimento informado já foi encerrado e não pode ser revogado.',
    when: 'A consent that has ended is to be deleted.',
  },
  DEPENDE_MULTIPLA_ALCADA: {
    status: 422,
    title: 'Depende de múltipla alçada',
    detail:
      'O consentimento depende da aprovação de mais de uma pessoa e não pode ser renovado sem redirecionamento.',
    when: 'A consent that needed several approvers is to be renewed.',
  },
  ESTADO_CONSENTIMENTO_INVALIDO: {
    status: 422,
    title: 'Estado do consentimento inválido',
    detail: 'Somente consentimentos autorizados podem ser renovados.',
    when: 'A consent that is not authorised is to be renewed.',
  },
  ERRO_IDEMPOTENCIA: {
    status: 422,
    title: 'Chave de idempotência já utilizada',
    detail: 'A chave de idempotência já foi utilizada em uma requisição com outro conteúdo.',
    when: 'The `x-idempotency-key` has been used with another body.',
  },
  LIMITE_EXCEDIDO: {
    status: 429,
    title: 'Limite de requisições excedido',
    detail:
      'O limite de requisições por endereço foi excedido. Tente novamente após o tempo indicado em retry-after.',
    when: 'More than `limits.perMinutePerIp` requests from one address within a minute.',
  },
  CAPACIDADE_EXCEDIDA: {
    status: 429,
    title: 'Limite global de requisições excedido',
    detail:
      'O limite de requisições por segundo da instituição foi excedido. Tente novamente após o tempo indicado em retry-after.',
    when: 'More than `limits.perSecond` requests in all within a second; 529 where the contract declares it.',
  },
  CABECALHOS_MUITO_GRANDES: {
    status: 431,
    title: 'Cabeçalhos muito grandes',
    detail: 'Os cabeçalhos da requisição excedem o tamanho permitido.',
    when: 'The request line and headers exceed 16 KB.',
  },
  ERRO_INTERNO: {
    status: 500,
    title: 'Erro interno',
    detail: 'Ocorreu um erro inesperado. Informe o valor de x-fapi-interaction-id ao contatar a instituição.',
    when: 'Something unexpected; the log has the cause under the interaction id.',
  },
  DADOS_FORA_DO_CONTRATO: {
    status: 500,
    title: 'Dados fora do contrato',
    detail: 'Os dados da instituição não atendem ao contrato da API e por isso não são entregues.',
    when: 'What the institution has breaks the contract of the API, or is not of the resource that was asked for; the log has where and how.',
  },
  DADOS_EM_PREPARACAO: {
    status: 503,
    title: 'Dados em preparação',
    detail: 'A instituição ainda está preparando os dados solicitados. Tente novamente em alguns instantes.',
    when: 'The institution is preparing the data of the customer; `retry-after` says when to ask again.',
  },
  INSTITUICAO_NAO_RESPONDEU: {
    status: 504,
    title: 'Tempo de resposta esgotado',
    detail: 'Os sistemas da instituição não responderam no prazo.',
    when: "The institution's own systems took longer than the service level of the operation leaves them.",
  },
  RETRY_EXCEDIDO: {
    status: 504,
    title: 'Retry exponencial excedido.',
    detail: 'O tempo de retry exponencial foi excedido.',
    when: 'The list of resources is still not ready when the time for preparing it, five minutes from the authorisation, is over; or it is being prepared anew.',
  },
  SERVICO_INDISPONIVEL: {
    status: 503,
    title: 'Serviço indisponível',
    detail: 'O serviço não pode responder no momento. Tente novamente em alguns instantes.',
    when: 'What consents need is away: the database, or the institution’s own systems.',
  },
  METRICAS_INDISPONIVEIS: {
    status: 503,
    title: 'Métricas indisponíveis',
    detail: 'As métricas não podem ser consultadas no momento. Tente novamente em alguns instantes.',
    when: 'The database that keeps the metrics is away; everything else goes on.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

/** A failed request as a value: what the caller is told. */
export interface Problem {
  readonly code: ProblemCode;
  /** What the body shows as its code, where a regulator wants another than guiche's own. */
  readonly wireCode?: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

/** Makes a problem of the table, with a more exact detail or another status where the rule asks for it. */
export function createProblem(
  code: ProblemCode,
  change: { detail?: string; status?: number; wireCode?: string } = {},
): Problem {
  const { status, title, detail } = PROBLEMS[code];
  return { code, status, title, detail, ...change };
}
