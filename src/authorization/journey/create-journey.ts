import type { IncomingMessage, ServerResponse } from 'node:http';
import { confirmConsent } from './confirm-consent.ts';
import { customerArea } from './customer-area.ts';
import { createCustomerSessions } from './customer-session.ts';
import { type Exchange, type Outcome, PageFault, type RouteMethods, tell } from './exchange.ts';
import { createHeldDecisions } from './held-decision.ts';
import type { JourneySettings } from './journey-settings.ts';
import { createLogIn } from './log-in.ts';
import { createPageFolder } from './page-folder.ts';
import { FormFault, readForm } from './read-form.ts';
import { writeAsset, writePage, writeRedirect } from './write-page.ts';

/** The customer's pages of one institution. */
export interface Journey {
  /**
   * Answers a request for one of its pages, whose path comes with the issuer's taken off. False when the path is none of
   * them: then nothing has been done.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
}

/**
 * Creates the pages on which customers confirm consents (`/consentimento/<uid>`) and look after them
 * (`/consentimentos`). They need no script. Throws when templates or the brand are unusable.
 */
export function createJourney(settings: JourneySettings): Journey {
  const { artifacts, sealer, clock, basePath, profile, wording, brand, onFault } = settings;
  const pages = createPageFolder({
    folders: settings.pages,
    brand,
    ecosystemName: wording.name,
    basePath,
  });
  const assets = new Map(pages.assets.map((asset) => [asset.path, asset]));
  const jar = `${profile.ecosystem}${basePath.replace(/[^a-z0-9]+/gi, '-')}`;
  const openSessions = (name: string) =>
    createCustomerSessions({ artifacts, sealer, clock, name: `${jar}-${name}` });
  const confirmation = openSessions('confirmacao');
  const area = openSessions('area');
  const confirm = confirmConsent(settings, {
    sessions: confirmation,
    decisions: createHeldDecisions(artifacts, sealer),
    logIn: createLogIn(settings, confirmation),
  });
  const lookAfter = customerArea(settings, { sessions: area, logIn: createLogIn(settings, area) });

  function findRoute(path: string): RouteMethods | undefined {
    const [root, first = '', step = '', ...more] = segmentsOf(path) ?? [];
    if (more.length > 0) return undefined;
    if (root === 'consentimento') return confirm(first, step);
    return root === 'consentimentos' ? lookAfter(first, step) : undefined;
  }

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    route: RouteMethods,
  ): Promise<Outcome> {
    const isPost = request.method === 'POST';
    const step = (isPost && route.POST) || route.GET;
    const form = isPost ? await readForm(request) : new URLSearchParams();
    const exchange: Exchange = { request, response, url, form };
    return step(exchange);
  }

  function write(request: IncomingMessage, response: ServerResponse, outcome: Outcome): void {
    if (outcome.kind === 'redirect') writeRedirect(response, `${basePath}${outcome.path}`);
    if (outcome.kind !== 'page') return;
    const { template, content, status = 200, headers } = outcome.page;
    writePage(request, response, status, pages.render(template, content), headers);
  }

  function fail(request: IncomingMessage, response: ServerResponse, fault: unknown): void {
    if (response.headersSent) {
      onFault(fault);
      response.destroy();
      return;
    }
    if (fault instanceof PageFault) write(request, response, fault.outcome);
    else if (fault instanceof FormFault) write(request, response, tell(BROKEN_FORM, fault.status));
    else {
      onFault(fault);
      write(request, response, tell(OUT_OF_ORDER, 503));
    }
  }

  return {
    handle(request, response) {
      const url = parseUrl(request.url);
      const asset = url && assets.get(url.pathname);
      const route = url && findRoute(url.pathname);
      if (!url || !(asset || route)) return false;
      if (!['GET', 'HEAD', ...(route?.POST ? ['POST'] : [])].includes(request.method ?? '')) {
        const headers = { allow: route?.POST ? 'GET, HEAD, POST' : 'GET, HEAD' };
        writePage(request, response, 405, pages.render('message', WRONG_METHOD), headers);
      } else if (asset) writeAsset(request, response, asset);
      else if (route)
        answer(request, response, url, route)
          .then((outcome) => write(request, response, outcome))
          .catch((fault: unknown) => fail(request, response, fault));
      return true;
    },
  };
}

const BROKEN_FORM = {
  title: 'Não foi possível ler o formulário',
  text: 'Nada foi alterado. Volte à página anterior e tente de novo.',
};

const OUT_OF_ORDER = {
  title: 'Não conseguimos continuar agora',
  text: 'Um dos nossos sistemas não respondeu. Espere um pouco e atualize esta página: o que você ainda não confirmou não foi enviado.',
};

const WRONG_METHOD = {
  title: 'Esta página não pode ser usada assim',
  text: 'Nada foi alterado.',
};

/** Only the path and the query are read: the origin is of no interest. */
function parseUrl(target: string | undefined): URL | undefined {
  if (!target?.startsWith('/')) return undefined;
  return URL.parse(`https://journey.invalid${target}`) ?? undefined;
}

/** Undefined for a path that is badly encoded. */
function segmentsOf(path: string): string[] | undefined {
  try {
    return path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
