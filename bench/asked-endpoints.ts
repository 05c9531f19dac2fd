/** Paths of endpoints of both example institutions, with pages from below a kilobyte to tens of them. */
export const ASKED_PATHS: readonly string[] = [
  '/open-insurance/channels/v2/branches',
  '/open-insurance/channels/v2/electronic-channels',
  '/open-insurance/channels/v2/phone-channels',
  '/open-insurance/products-services/v2/life-pension',
  '/open-insurance/products-services/v2/person',
  '/open-banking/channels/v2/branches',
  '/open-banking/channels/v2/phone-channels',
  '/open-banking/opendata-creditcards/v1/personal-credit-cards',
  '/open-banking/opendata-loans/v1/personal-loans',
  '/open-banking/opendata-exchange/v1/online-rates',
];

export const STATUS_PATHS: readonly string[] = [
  '/open-insurance/discovery/v1/status',
  '/open-banking/discovery/v2/status',
];

export const METRICS_PATHS: readonly string[] = [
  '/open-insurance/admin/v1/metrics',
  '/open-banking/admin/v2/metrics',
];

/** The name that an endpoint's counts are kept under. */
export function keyOf(path: string): string {
  return `GET ${path}`;
}

/** One of the values, each as likely. */
export function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)] as T;
}
