import { resolve } from 'node:path';
import type { Connector, FoundData, Json, PageAsked } from '../../src/connectors/connector.ts';
import { createFolderConnector } from '../../src/connectors/folder-connector.ts';
import type { ConnectorModule } from '../../src/connectors/module/create-module-connector.ts';
import { systemClock } from '../../src/kernel/clock.ts';

/** Texts of pages that are kept; a measure asks for few. */
const MOST_TEXTS = 1_000;

/**
 * A connector that answers what a folder of customers has, each time in new objects and only the page that was asked
 * for, as one does that reads from elsewhere: nothing that was found out of an earlier answer holds for the next.
 * `settings.customers` is the folder.
 */
const connect: ConnectorModule = async ({ settings }) => {
  const folder = await createFolderConnector({
    folder: resolve(String(settings.customers)),
    passwordHash: () => undefined,
    clock: systemClock,
    onFault: (fault) => {
      throw fault;
    },
  });
  const anew = createAnew();
  const connector: Connector = {
    ...folder,
    capabilities: () => ({ apis: undefined, authenticates: false }),
    list: async (request) => anew(await folder.list(request), request.page),
    get: async (request) => anew(await folder.get(request), request.page),
    children: async (request) => anew(await folder.children(request), request.page),
  };
  return connector;
};

export default connect;

/** Makes the function that takes an answer apart and puts it together again from text, which is written once a page. */
function createAnew(): (found: FoundData, page: PageAsked | undefined) => FoundData {
  const texts = new Map<object, Map<string, string>>();

  function textOf(content: object, page: PageAsked | undefined): string {
    const ofContent = texts.get(content) ?? new Map<string, string>();
    const key = `${page?.offset} ${page?.size}`;
    const text = ofContent.get(key) ?? JSON.stringify(cut(content as Json, page));
    if (texts.size < MOST_TEXTS) texts.set(content, ofContent.set(key, text));
    return text;
  }

  return (found, page) => {
    if (found.status !== 'ok' || typeof found.data !== 'object' || found.data === null) return found;
    const data = JSON.parse(textOf(found.data, page)) as Json;
    return Array.isArray(found.data) && page
      ? { ...found, data, total: found.data.length }
      : { ...found, data };
  };
}

function cut(content: Json, page: PageAsked | undefined): Json {
  return Array.isArray(content) && page ? content.slice(page.offset, page.offset + page.size) : content;
}
