import type { Visit } from './customer-session.ts';
import { type Exchange, PageFault } from './exchange.ts';

/** Name of the field that carries the form token. */
export const TOKEN_FIELD = 'ficha';

/**
 * Lets a form pass only when this browser was given it by this page. Throws a {@link PageFault} otherwise.
 *
 * @param startPath where the customer can begin again
 */
export function checkForm(
  { request, form }: Exchange,
  visit: Visit,
  action: string,
  startPath: string,
): void {
  const site = request.headers['sec-fetch-site'];
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none';
  if (isOwnSite && visit.isFormToken(action, form.get(TOKEN_FIELD))) return;
  throw new PageFault(403, {
    title: 'Esta página perdeu a validade',
    text: 'Nada foi alterado. Isso acontece quando a página fica aberta por muito tempo, quando o acesso é feito em outra aba ou quando o navegador bloqueia cookies. Recomece para continuar.',
    link: { path: startPath, label: 'Recomeçar' },
  });
}
