import type { ConnectorCase } from './connector-case.ts';
import { COMPANY_CASE, CUSTOMER_CASES } from './customer-cases.ts';
import { DISCOVERY_CASES, EMPTY_CASE } from './discovery-cases.ts';
import { FILTER_CASE } from './filter-cases.ts';
import { OWNERSHIP_CASES, UNKNOWN_CASES } from './ownership-cases.ts';
import { PAGING_CASES } from './paging-cases.ts';
import { READ_CASES } from './read-cases.ts';
import { TIME_CASES } from './time-cases.ts';

/** Everything that a connector has to get right, in the order in which it is tried, which is that of the numbers. */
export const CONNECTOR_CASES: readonly ConnectorCase[] = [
  ...CUSTOMER_CASES,
  ...DISCOVERY_CASES,
  COMPANY_CASE,
  EMPTY_CASE,
  ...READ_CASES,
  ...OWNERSHIP_CASES,
  ...PAGING_CASES,
  FILTER_CASE,
  ...UNKNOWN_CASES,
  ...TIME_CASES,
];
