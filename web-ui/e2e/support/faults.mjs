// What is wrong with what a page shows: axe, scrolling sideways, targets too small for a finger, complaints of the browser.
import axe from 'axe-core';

/** What a browser says of a connection that a view takes away on purpose, of an answer that lists what an act would bring or lose (409), or of a machine without a graphics card. */
const EXPECTED =
  /ERR_(CONNECTION|EMPTY)|WebGL|GL Driver|task queue exceeded|WebSocket|status of (503|409|404|401)/;

/** The least that a finger hits, in CSS pixels. */
const TARGET = 44;

export async function faults(page, complaints) {
  const found = [];
  // A document keeps it; loading it for each view would take longer than looking.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
  for (const { id, help, nodes } of violations) {
    const where = nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).slice(0, 3);
    found.push(`${id}: ${help}\n    ${where.join('\n    ')}`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) found.push(`scrolls sideways by ${wide} px`);
  for (const small of await page.evaluate(smallTargets, TARGET))
    found.push(`too small for a finger: ${small}`);
  const loud = complaints.filter((text) => !EXPECTED.test(text));
  for (const text of new Set(loud)) found.push(`console: ${text.slice(0, 300)}`);
  return found;
}

/** Run in the page: what one taps and would miss. Links within a line of text are as high as the line; the graph is zoomed. */
function smallTargets(least) {
  if (!matchMedia('(pointer: coarse)').matches) return [];
  const all = document.querySelectorAll(
    'button, a[href], select, input, textarea, summary, [role="menuitem"]',
  );
  return [...all]
    .filter((element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }))
    .filter(
      (element) =>
        getComputedStyle(element).display !== 'inline' && !element.closest('.sr-only, .xterm, .react-flow'),
    )
    .map((element) => ({ element, box: (element.closest('label') ?? element).getBoundingClientRect() }))
    .filter(({ box }) => box.width > 1 && box.height > 1 && (box.height < least - 0.5 || box.width < 24))
    .map(({ element, box }) => {
      const name = element.getAttribute('aria-label') ?? element.textContent.trim().slice(0, 40);
      return `${element.tagName.toLowerCase()} “${name}” is ${Math.round(box.width)}×${Math.round(box.height)}`;
    });
}
