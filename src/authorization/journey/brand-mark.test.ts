import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brandStyle, contrast, drawMark } from './brand-mark.ts';

describe("an institution's brand", () => {
  it('when its colours can be read, then they are in the style', () => {
    const style = brandStyle({ name: 'Banco', accent: { light: '#0a5c36', dark: '#7ddca8' } });
    assert.match(style, /--accent:#0a5c36/);
    assert.match(style, /prefers-color-scheme:dark.*--accent:#7ddca8/);
  });

  it('when text in a colour could not be read, or it is no colour, then it is refused', () => {
    for (const light of ['#ffd400', 'red', '#0a5c36;}*{', '#fff'])
      assert.throws(
        () => brandStyle({ name: 'Banco', accent: { light, dark: '#7ddca8' } }),
        /light accent/,
        light,
      );
    assert.throws(
      () => brandStyle({ name: 'Banco', accent: { light: '#0a5c36', dark: '#0a5c36' } }),
      /dark accent/,
    );
  });

  it('when contrasts are known, then they are found', () => {
    assert.equal(contrast('#000000', '#ffffff'), 21);
    assert.ok(Math.abs(contrast('#777777', '#ffffff') - 4.48) < 0.01);
  });

  it('when a mark is drawn, then it shows the first letter of the name proper, and never markup', () => {
    assert.match(drawMark({ name: 'Banco Ipê' }), />I<\/text>/);
    assert.match(drawMark({ name: 'Aurora Seguros' }), />A<\/text>/);
    assert.match(drawMark({ name: '<script>' }), />S<\/text>/);
    assert.match(drawMark({ name: '«»' }), /"><\/text>/);
  });
});
