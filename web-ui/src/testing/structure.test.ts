/** The shape of the source: imports go one way, features do not know each other, files stay small. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '..');
const LAYERS = ['protocol', 'lib', 'components', 'features', 'app'];
const MAX_LINES = 400;
const MAX_COMPONENT_LINES = 240;

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

const sources = files(SRC)
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => ({ path: relative(SRC, path), text: readFileSync(path, 'utf8') }));

/** What a file imports of ours, as paths beneath `src`. */
function imports(path: string, text: string): string[] {
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => target.startsWith('@/') || target.startsWith('.'))
    .map((target) => (target.startsWith('@/') ? target.slice(2) : join(path, '..', target)));
}

const own = sources.filter(({ path }) => LAYERS.includes(path.split('/')[0] ?? '') && !/\.test\./.test(path));

it('imports go down only', () => {
  const wrong = own.flatMap(({ path, text }) => {
    const rank = LAYERS.indexOf(path.split('/')[0] ?? '');
    return imports(path, text)
      .filter((target) => LAYERS.indexOf(target.split('/')[0] ?? '') > rank || target.startsWith('testing'))
      .map((target) => `${path} → ${target}`);
  });
  expect(wrong).toEqual([]);
});

it('features never import each other', () => {
  const feature = (path: string) => (path.startsWith('features/') ? path.split('/')[1] : null);
  const wrong = own.flatMap(({ path, text }) =>
    imports(path, text)
      .filter((target) => feature(path) && feature(target) && feature(target) !== feature(path))
      .map((target) => `${path} → ${target}`),
  );
  expect(wrong).toEqual([]);
});

it('files are small, kebab-case, and say what they are for', () => {
  const wrong = own.filter(({ path, text }) => {
    if (path.startsWith('protocol/')) return false;
    const lines = text.split('\n').length;
    const name = path.split('/').at(-1) ?? '';
    const limit = name.endsWith('.tsx') ? MAX_COMPONENT_LINES : MAX_LINES;
    return lines > limit || !/^[a-z0-9-]+\.tsx?$/.test(name) || !text.startsWith('/**');
  });
  expect(wrong.map(({ path, text }) => `${path} (${text.split('\n').length})`)).toEqual([]);
});
