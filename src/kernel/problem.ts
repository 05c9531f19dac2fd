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
  ACESSO_RESTRITO: {
    status: 403,
    title: 'Acesso restrito',
    detail: 'Este recurso só pode ser consultado pelo diretório de participantes.',
    when: 'The address of the caller is not in `metrics.allow`.',
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
  TEMPO_ESGOTADO: {
    status: 408,
    title: 'Tempo esgotado',
    detail: 'A requisição não foi recebida por completo no tempo permitido.',
    when: 'The request took too long to arrive.',
  },
  PAGINA_MUITO_GRANDE: {
    status: 422,
    title: 'Tamanho de página não suportado',
    detail: 'O parâmetro page-size excede o máximo permitido.',
    when: 'The page size is above the maximum of the contract, or 1000 where it has none; 400 where the contract has no 422.',
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
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

/** Makes a problem of the table, with a more exact detail or another status where the rule asks for it. */
export function createProblem(code: ProblemCode, change: { detail?: string; status?: number } = {}): Problem {
  const { status, title, detail } = PROBLEMS[code];
  return { code, status, title, detail, ...change };
}
