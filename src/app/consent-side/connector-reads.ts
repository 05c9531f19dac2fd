import type { ConnectorRead } from '../../connectors/conformance/connector-read.ts';
import type { ConsentProfile, Permission } from '../../consents/consent-profile.ts';
import { canonicalPermission } from '../../consents/version-spelling.ts';
import type { Operation } from '../../contract/operation.ts';
import { createAnswerChecks } from '../../customer-data/check-answers.ts';
import { takeRecords } from '../../customer-data/enclosed-records.ts';
import { createAddressing } from '../../customer-data/product-ids.ts';
import { createRecordFilters } from '../../customer-data/record-filters.ts';

/** Spans of dates whose ends are open: what is asked for is named in full. */
const OPEN = { today: () => undefined, earliest: () => undefined };

/**
 * Describes the reads of customer data of an ecosystem as guiche asks a connector for them. A read whose permissions the
 * profile does not know is left out: it is closed to everybody.
 *
 * @param operations of the ecosystem
 */
export function describeConnectorReads(
  operations: readonly Operation[],
  profile: ConsentProfile,
): ConnectorRead[] {
  const addressingOf = createAddressing(operations);
  const checkOf = createAnswerChecks();
  const filtersOf = createRecordFilters();
  return operations
    .filter(({ kind, method }) => kind === 'customer-data' && method === 'GET')
    .flatMap((operation) => {
      const permissions = operation.permissions.flatMap(
        (name) => profile.permissions.get(canonicalPermission(profile, name)) ?? [],
      );
      if (permissions.length === 0 || permissions.length < operation.permissions.length) return [];
      const path = (operation.answer.countedArray ?? []).slice(1);
      return {
        operation,
        types: [...new Set(permissions.flatMap(({ resourceType }) => resourceType ?? []))],
        permissions: permissions.map(({ name }) => name),
        person: personOf(permissions),
        addressing: addressingOf(operation),
        check: checkOf(operation),
        recordsOf: (content) => takeRecords(content, path),
        filterOf: (query) => {
          const selection = filtersOf(operation, query, OPEN);
          return selection && 'isWanted' in selection ? selection.isWanted : undefined;
        },
      };
    });
}

function personOf(permissions: readonly Permission[]): ConnectorRead['person'] {
  const kinds = new Set(permissions.map(({ person }) => person));
  if (kinds.has('legal')) return 'legal';
  return kinds.has('natural') ? 'natural' : 'any';
}
