import { Terminal } from '@xterm/xterm';
import { describe, expect, it } from 'vitest';
import { compareScreen } from './healer';
import { hashScreen } from './screen-hash';

const shown = async (text: string) => {
  const terminal = new Terminal({ cols: 12, rows: 2, scrollback: 0, allowProposedApi: true });
  await new Promise<void>((done) => terminal.write(text, done));
  return terminal;
};
const row = async (text: string) => hashScreen(await shown(text)).rows[0];

describe('the form that screens are compared by', () => {
  it('has the same numbers as the daemon', async () => {
    expect(await row('a\u{1f600} \x1b[1;38;2;1;2;3mb')).toBe(602295925);
  });

  it('does not see what captures lose', async () => {
    expect(await row('ab\x1b[44m\x1b[K')).toBe(await row('ab'));
    expect(await row('\x1b]8;;https://example.org\x1b\\ab\x1b]8;;\x1b\\')).toBe(await row('ab'));
    expect(await row('\x1b(0lqk')).toBe(await row('┌─┐'));
  });

  it('sees letters, colours, the cursor and modes', async () => {
    const plain = await row('ab');
    for (const other of ['ac', ' ab', '\x1b[1mab', '\x1b[31mab', '\x1b[4mab']) {
      expect(await row(other)).not.toBe(plain);
    }
    const { hash } = hashScreen(await shown('ab'));
    for (const more of ['\x1b[1;1H', '\x1b[?1h', '\x1b[?1002h', '\x1b[4h']) {
      expect(hashScreen(await shown(`ab${more}`)).hash).not.toBe(hash);
    }
  });
});

describe('the comparison', () => {
  const ask = async (hash: number, next: number) => {
    const terminal = await shown('ab');
    const sent: unknown[] = [];
    const message = { type: 'screen_hash', session_id: 's', channel: 3, seq: 7, hash } as const;
    compareScreen(
      terminal,
      message,
      () => ({ channel: 3, next }),
      (answer) => sent.push(answer),
    );
    await new Promise<void>((done) => terminal.write('', done));
    return { sent, own: hashScreen(terminal) };
  };

  it('answers a mismatch with the hash of each row', async () => {
    const { sent, own } = await ask(1, 7);
    expect(sent).toEqual([{ type: 'screen_mismatch', channel: 3, seq: 7, rows: own.rows, modes: own.modes }]);
  });

  it('is silent when all is well, and when more has come', async () => {
    const { own } = await ask(1, 7);
    expect((await ask(own.hash, 7)).sent).toEqual([]);
    expect((await ask(1, 8)).sent).toEqual([]);
  });
});
