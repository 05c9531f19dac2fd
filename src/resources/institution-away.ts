/** Says that the institution's systems failed when they were asked; the cause may be the connector's own error. */
export class InstitutionAway extends Error {
  constructor(cause: unknown) {
    super("the institution's systems failed", { cause });
    this.name = 'InstitutionAway';
  }
}
