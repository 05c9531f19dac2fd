import type { Brand } from './journey-settings.ts';

/** Least contrast of text and of buttons with what is behind them (WCAG 2.2, 1.4.3). */
const LEAST_CONTRAST = 4.5;
/** The backgrounds of `style.css` that an accent stands on. */
const BACKGROUNDS = { light: '#f3f5f8', dark: '#1a2230' } as const;
const ACCENT = { light: '#0b5cab', dark: '#7cb8ff' } as const;

/** The institution's first letter in a square of its colour, as an SVG document. */
export function drawMark({ name, accent = ACCENT }: Brand): string {
  const letter = (
    /\p{L}/u.exec(name.replace(/^(Banco|Seguradora|Seguros)\s+/iu, ''))?.[0] ?? ''
  ).toUpperCase();
  const font = 'font-family="system-ui, sans-serif" font-size="20" font-weight="700"';
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36" width="36" height="36">',
    `<rect width="36" height="36" rx="10" fill="${accent.light}"/>`,
    `<text x="18" y="25" text-anchor="middle" fill="#ffffff" ${font}>${escapeXml(letter)}</text>`,
    '</svg>',
  ].join('');
}

/** The brand's colours as style rules. Throws when text in them could not be read. */
export function brandStyle({ accent = ACCENT }: Brand): string {
  for (const mode of ['light', 'dark'] as const)
    if (!/^#[0-9a-f]{6}$/i.test(accent[mode]) || contrast(accent[mode], BACKGROUNDS[mode]) < LEAST_CONTRAST)
      throw new Error(
        `the brand's ${mode} accent must be #rrggbb with a contrast of at least ${LEAST_CONTRAST}`,
      );
  return [
    `:root{--accent:${accent.light};--on-accent:#ffffff}`,
    `@media (prefers-color-scheme:dark){:root{--accent:${accent.dark};--on-accent:#10151f}}`,
    '',
  ].join('\n');
}

/** Contrast ratio of two colours (WCAG 2.2, definition of contrast ratio). */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.codePointAt(0)};`);
}
