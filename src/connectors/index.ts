/** `guiche/connector`: the types of the port, for whoever writes a connector of their own. */
export type {
  Asking,
  Capabilities,
  ChildrenRequest,
  Connector,
  ConnectorHealth,
  CustomerKey,
  DataRequest,
  Found,
  FoundData,
  Json,
  PageAsked,
  RecordRequest,
} from './connector.ts';
export type { Company, Customer, CustomerDocuments, OfferedResource, Situation } from './customer.ts';
export type { ConnectorModule, ModuleContext } from './module/create-module-connector.ts';
