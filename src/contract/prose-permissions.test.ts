import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { permissionsOf, readProsePermissions } from './prose-permissions.ts';

const of = (description: string, method: string, path: string) =>
  permissionsOf(readProsePermissions(description), method, path);

const RELATIVE = `
API de seguros. Requer AUTORIZACAO_PREVIA do cliente.
# Orientações
## Permissions necessárias
Para cada um dos paths existem permissions:
### \`/\`
  - permissions:
    - GET: **THINGS_READ**
### \`/{policyId}/premium\`
  - permissions:
    - GET: **THINGS_PREMIUM_READ**
    - DELETE: **THINGS_PREMIUM_CANCEL**
### \`/{id}/claim\`
  - permissions: **THINGS_CLAIM**
## Outras regras
Nada a ver com isto: OUTRA_COISA_READ
`;

describe('permissions in prose', () => {
  it('belong to paths below the resource, with parameters of any name', () => {
    assert.deepEqual(of(RELATIVE, 'GET', '/insurance-things'), ['THINGS_READ']);
    assert.deepEqual(of(RELATIVE, 'GET', '/insurance-things/{id}/premium'), ['THINGS_PREMIUM_READ']);
    assert.deepEqual(of(RELATIVE, 'GET', '/insurance-things/{policyId}/claim'), ['THINGS_CLAIM']);
  });

  it('stand for the method before them, and for GET without one', () => {
    assert.deepEqual(of(RELATIVE, 'DELETE', '/insurance-things/{id}/premium'), ['THINGS_PREMIUM_CANCEL']);
    assert.deepEqual(of(RELATIVE, 'POST', '/insurance-things/{id}/claim'), []);
  });

  it('belong to whole paths where headings give those', () => {
    const whole =
      '### `/accounts`\n - permissions:\n   - GET: **ACCOUNTS_READ**\n### `/accounts/{accountId}/balances`\n - GET: **ACCOUNTS_BALANCES_READ**';
    assert.deepEqual(of(whole, 'GET', '/accounts'), ['ACCOUNTS_READ']);
    assert.deepEqual(of(whole, 'GET', '/accounts/{id}/balances'), ['ACCOUNTS_BALANCES_READ']);
    assert.deepEqual(of(whole, 'GET', '/accounts/{id}'), []);
  });

  it('prefer the whole path to the one below the resource', () => {
    const both = '### `/a/b`\n- WHOLE_PATH\n### `/b`\n- BELOW_RESOURCE';
    assert.deepEqual(of(both, 'GET', '/a/b'), ['WHOLE_PATH']);
    assert.deepEqual(of(both, 'GET', '/c/b'), ['BELOW_RESOURCE']);
  });

  it('need no _READ at the end, several may stand on one line, and none counts twice', () => {
    const several = '#### GET `/x`\n- GET: **A_CLAIM**, **B_READ** e A_CLAIM\n';
    assert.deepEqual(of(several.replace('GET `', '`'), 'GET', '/x'), ['A_CLAIM', 'B_READ']);
  });

  it('take the method of a heading that names one', () => {
    assert.deepEqual(
      of('## `POST /things`\n- **THINGS_CREATE**\n- GET: **THINGS_READ**', 'POST', '/things'),
      ['THINGS_CREATE'],
    );
    assert.deepEqual(of('## POST /things\n- **THINGS_CREATE**\n- GET: **THINGS_READ**', 'GET', '/things'), [
      'THINGS_READ',
    ]);
  });

  it('end at a heading without a path, of any level', () => {
    for (const heading of ['# Fim', '###### Fim', '### Fim', '## ']) {
      assert.deepEqual(of(`### \`/x\`\n- X_READ\n${heading}\n- Y_READ`, 'GET', '/x'), ['X_READ'], heading);
    }
  });

  it('are not found by a misspelt heading, and never for another path', () => {
    assert.deepEqual(of('### `/{id}/portabilites`\n- **P_READ**', 'GET', '/plan/{id}/portabilities'), []);
    assert.deepEqual(of(RELATIVE, 'GET', '/insurance-things/{id}'), []);
    assert.deepEqual(of('', 'GET', '/x'), []);
  });

  it('read line ends of any kind, trailing slashes and single words as they come', () => {
    assert.deepEqual(of('### `/x/`\r\n  - GET: **X_READ**\r\n  - READ GET POST\r\n', 'GET', '/x'), [
      'X_READ',
    ]);
  });

  it('are found quickly in a text made to be slow', () => {
    const started = performance.now();
    readProsePermissions(`### \`/x\`\n${'A_'.repeat(100_000)}\n`);
    readProsePermissions(`### \`/x\`\n${'A'.repeat(190_000)}\n`);
    readProsePermissions(`${'#'.repeat(100_000)} \n${' '.repeat(90_000)}#`);
    assert.ok(performance.now() - started < 1500);
  });
});
