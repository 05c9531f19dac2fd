import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder, writeBelow } from '../../../test/support/temporary-folder.ts';
import { createPageFolder } from './page-folder.ts';

const PAGES = join(import.meta.dirname, '..', '..', '..', 'web', 'consent');
const SETTINGS = { brand: { name: 'Banco Ipê' }, ecosystemName: 'Open Finance', basePath: '/banco' };
const MESSAGE = { title: 'Título', text: 'Texto' };

describe('the folder of pages', () => {
  it('when an institution has a template of its own, then it replaces the built-in one, and only that', () => {
    const own = temporaryFolder();
    writeBelow(
      own,
      'message.eta',
      '<% layout("@layout", { title: it.title }) %><p class="own"><%= it.text %></p>',
    );
    const pages = createPageFolder({ ...SETTINGS, folders: [PAGES, own] });
    const html = pages.render('message', MESSAGE);
    assert.match(html, /<p class="own">Texto<\/p>/);
    assert.match(html, /<header class="bar">/);
  });

  it('when something hostile is shown, then it is text', () => {
    const pages = createPageFolder({ ...SETTINGS, folders: [PAGES] });
    const html = pages.render('message', { ...MESSAGE, text: `<img src=x onerror="alert('1')">` });
    assert.ok(!html.includes('<img'));
    assert.match(html, /&lt;img src=x onerror=&quot;/);
  });

  it('when the style changes, then so does its path', () => {
    const own = temporaryFolder();
    writeBelow(own, 'style.css', 'body { color: red }');
    const paths = [[PAGES], [PAGES, own]].map(
      (folders) => createPageFolder({ ...SETTINGS, folders }).assets[0]?.path,
    );
    assert.match(paths[0] ?? '', /^\/aparencia\/[0-9a-f]{16}\.css$/);
    assert.notEqual(paths[0], paths[1]);
  });

  it('when a template is broken, or there is no style, then the start fails', () => {
    const own = temporaryFolder();
    writeBelow(own, 'message.eta', '<% if ( %>');
    assert.throws(() => createPageFolder({ ...SETTINGS, folders: [PAGES, own] }));
    assert.throws(() => createPageFolder({ ...SETTINGS, folders: [temporaryFolder()] }), /style\.css/);
  });

  it('when it is made, then no page has a script, a style of its own, or anything from elsewhere', () => {
    const pages = createPageFolder({ ...SETTINGS, folders: [PAGES] });
    const html = pages.render('message', MESSAGE);
    assert.doesNotMatch(html, /<script|<style|style="|\son[a-z]+=|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
  });
});
