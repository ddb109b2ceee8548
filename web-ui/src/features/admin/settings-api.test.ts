import { describe, expect, it } from 'vitest';
import type { SettingView } from '@/protocol/types';
import { originWords, sectionsOf } from './settings-api';

const setting = (key: string, given: Partial<SettingView> = {}): SettingView => ({
  key,
  about: 'How deep agents may delegate',
  shape: 'integer',
  value: '3',
  default: '3',
  origin: { from: 'default' },
  next: null,
  changeable: true,
  ...given,
});

describe('sectionsOf', () => {
  const all = [
    setting('limits.depth'),
    setting('terminal.cols', { origin: { from: 'file', line: 4 }, about: 'Columns' }),
    setting('limits.live_agents', { next: '7' }),
  ];
  const shown = (words: string, onlyOwn = false) =>
    sectionsOf(all, words, onlyOwn).map(({ name, settings }) => [name, ...settings.map(({ key }) => key)]);

  it('puts settings under the first part of their keys', () => {
    expect(shown('')).toEqual([
      ['limits', 'limits.depth', 'limits.live_agents'],
      ['terminal', 'terminal.cols'],
    ]);
  });
  it('finds every word anywhere', () => {
    expect(shown('DEEP depth')).toEqual([['limits', 'limits.depth']]);
    expect(shown('deep cols')).toEqual([]);
  });
  it('leaves out what nobody set', () => {
    expect(shown('', true)).toEqual([
      ['terminal', 'terminal.cols'],
      ['limits', 'limits.live_agents'],
    ]);
  });
});

describe('originWords', () => {
  it('says what to look at', () => {
    expect(originWords({ from: 'file', line: 12 })).toBe('line 12 of the file');
    expect(originWords({ from: 'variable', name: 'ORCHESTRA_LIMITS__DEPTH' })).toContain(
      'ORCHESTRA_LIMITS__DEPTH',
    );
  });
});
