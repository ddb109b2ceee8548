import type { Terminal } from '@xterm/xterm';
import { describe, expect, it, vi } from 'vitest';
import { Finder, type Found } from './finder';

function stage(rows: string[], screen: string[], older: (history: HTMLElement) => boolean) {
  const history = document.createElement('div');
  const row = (text: string) => {
    const element = document.createElement('div');
    element.textContent = text;
    element.scrollIntoView = vi.fn();
    return element;
  };
  history.append(...rows.map(row));
  const terminal = {
    rows: screen.length,
    buffer: { active: { baseY: 0, getLine: (at: number) => ({ translateToString: () => screen[at] }) } },
    clearSelection: vi.fn(),
    select: vi.fn(),
  };
  const told: Found[] = [];
  const deps = {
    terminal: terminal as unknown as Terminal,
    history,
    toScreen: vi.fn(),
    older: () => older(history),
  };
  const finder = new Finder(deps, (found) => told.push(found));
  const last = () => told.at(-1);
  return { finder, history, terminal, row, last };
}

describe('the search in a terminal', () => {
  it('begins on the screen, goes back in time, and round', () => {
    const { finder, terminal, last } = stage(['a key', 'none'], ['the key'], () => false);
    finder.find('KEY');
    expect(last()).toEqual({ at: 1, count: 2, searchingOlder: false });
    expect(terminal.select).toHaveBeenCalledWith(4, 0, 3);
    finder.step(1);
    expect(last()?.at).toBe(2);
    finder.step(1);
    expect(last()?.at).toBe(1);
    finder.step(-1);
    expect(last()?.at).toBe(2);
    finder.find('nowhere');
    expect(last()).toEqual({ at: 0, count: 0, searchingOlder: false });
    finder.dispose();
  });

  it('fetches older rows until the word is there', async () => {
    const pages = ['no', 'an old key'];
    const made = stage(['none'], [''], (history) => {
      const text = pages.shift();
      if (text === undefined) return false;
      setTimeout(() => history.prepend(made.row(text)), 0);
      return true;
    });
    made.finder.find('key');
    expect(made.last()?.searchingOlder).toBe(true);
    await vi.waitFor(() => expect(made.last()).toEqual({ at: 1, count: 1, searchingOlder: false }));
    made.finder.dispose();
  });

  it('stays at its place while the program writes', async () => {
    const { finder, history, row, last } = stage(['first key', 'second key'], [''], () => false);
    finder.find('key');
    finder.step(1);
    expect(last()).toMatchObject({ at: 2, count: 2 });
    history.append(row('third key'));
    await vi.waitFor(() => expect(last()).toMatchObject({ at: 3, count: 3 }));
    finder.dispose();
  });
});
