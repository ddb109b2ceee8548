// Seeded programs: lists of items, each a construct's name and its bytes. Items place the cursor themselves, so
// that one which was left out changes nothing of the others' meaning.

/** A small generator of numbers that a seed repeats. */
export function random(seed) {
  let state = seed >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  for (let n = 0; n < 8; n += 1) next();
  const below = (n) => Math.floor(next() * n);
  return { next, below, from: (list) => list[below(list.length)], between: (a, b) => a + below(b - a + 1) };
}

const WORDS = ['make', 'test', 'error', 'passed', 'Grüße', 'naïve', 'src/main.rs', '100 %', '→', 'λx', 'Ωmega'];
const WIDE = ['漢字', 'かな', '한글', '中', '😀', '🚀', '、'];
const at = (y, x) => `\x1b[${y};${x}H`;

function sgr(r) {
  const one = [
    () => r.from([1, 2, 3, 4, 5, 7, 8, 9]),
    () => r.from([22, 23, 24, 25, 27, 28, 29, 39, 49]),
    () => r.between(30, 37),
    () => r.between(90, 97),
    () => r.between(40, 47),
    () => r.between(100, 107),
    () => `38;5;${r.below(256)}`,
    () => `48;5;${r.below(256)}`,
    () => `38;2;${r.below(256)};${r.below(256)};${r.below(256)}`,
    () => `48;2;${r.below(256)};${r.below(256)};${r.below(256)}`,
    () => '0',
  ];
  return `\x1b[${Array.from({ length: r.between(1, 3) }, () => r.from(one)()).join(';')}m`;
}

const words = (r, most = 6) => Array.from({ length: r.between(1, most) }, () => r.from(WORDS)).join(' ');

/** Each takes the numbers and the size, and gives bytes; all of these are the same in tmux and xterm.js. */
export const COMMON = {
  text: (r, { cols, rows }) => at(r.between(1, rows), r.between(1, cols)) + words(r),
  line: (r) => `${words(r)}\r\n`,
  colours: (r, { rows }) => `${at(r.between(1, rows), 1)}${sgr(r)}${words(r)}${sgr(r)}${words(r, 2)}`,
  pen: (r) => sgr(r),
  // Taken away again: what is written over half a wide letter is one of the differences.
  wide: (r, { rows }) => {
    const row = at(r.between(1, rows), 1);
    return `${row}\x1b[2K${r.from(WIDE)}${words(r, 2)}${r.from(WIDE)}${row}\x1b[2K`;
  },
  combining: (r, { rows }) => `${at(r.between(1, rows), 1)}\x1b[2Ke\u0301a\u0308o\u0302 n\u0303`,
  drawing: (r, { rows }) => `${at(r.between(1, rows), r.between(1, 9))}\x1b(0lqqqk x\x1b(B${words(r, 1)}`,
  shift: (r, { rows }) => `\x1b)0${at(r.between(1, rows), r.between(1, 9))}\x0emqqqj\x0f${words(r, 1)}`,
  erase: (r, { cols, rows }) => `${at(r.between(1, rows), r.between(1, cols - 1))}\x1b[${r.from(['K', '1K', '2K', 'J', '1J', '3X', '12X'])}`,
  move: (r, { cols, rows }) =>
    `${at(r.between(1, rows), r.between(1, cols - 20))}\x1b[${r.between(1, 5)}${r.from(['A', 'B', 'C', 'D', 'E', 'F', 'G', 'd'])}${r.from(WORDS)}`,
  characters: (r, { rows }) => `${at(r.between(1, rows), 3)}\x1b[${r.between(1, 5)}${r.from(['@', 'P'])}${r.from(['x', ''])}`,
  rowsInOut: (r, { rows }) => `\x1b[r${at(r.between(1, rows), 1)}\x1b[${r.between(1, 3)}${r.from(['L', 'M'])}\r`,
  scroll: (r) => `\x1b[${r.between(1, 3)}${r.from(['S', 'T'])}`,
  region: (r, { rows }) => {
    const top = r.between(1, rows - 4);
    const end = r.between(top + 2, rows);
    return `\x1b[${top};${end}r${at(end, 1)}${words(r)}\r\n${words(r)}\r\n${at(top, 1)}\x1bM${r.from(WORDS)}`;
  },
  regionOff: () => '\x1b[r',
  origin: (r) => `\x1b[3;12r\x1b[?6h${at(r.between(1, 4), 2)}${words(r, 2)}\x1b[?6l\x1b[r`,
  insert: (r, { rows }) => `${at(r.between(1, rows), 2)}\x1b[4h${r.from(['abc', 'new '])}\x1b[4l`,
  wrap: (r, { cols, rows }) => `${at(r.between(1, rows - 2), cols - 3)}${'abcdefgh'}`,
  noWrap: (r, { cols, rows }) => `\x1b[?7l${at(r.between(1, rows), cols - 3)}abcdef${at(1, 1)}\x1b[?7h`,
  tabs: (r, { rows }) => `${at(r.between(1, rows), 1)}\ta\tb\t${r.from(WORDS)}`,
  title: (r) => `\x1b]${r.from([0, 2])};${words(r, 3)}\x07`,
  name: (r) => `\x1bk${words(r, 2)}\x1b\\`,
  query: (r) => r.from(['\x1b[c', '\x1b[>c', '\x1b[6n', '\x1b[5n', '\x1bP$qm\x1b\\', '\x1b]11;?\x07']),
  modes: (r) => `\x1b[?${r.from([1, 25, 1000, 1002, 1003, 1006, 2004, 1004])}${r.from(['h', 'l'])}`,
  keypad: (r) => r.from(['\x1b=', '\x1b>']),
  alternate: (r, size) => `\x1b[?1049h\x1b[r\x1b[2J${COMMON.colours(r, size)}${COMMON.text(r, size)}`,
  normal: (r) => `\x1b[?1049h\x1b[r${at(2, 2)}x\x1b[?1049l\x1b[r${at(r.between(1, 5), 1)}`,
  repaint: (r, { rows }) =>
    `\x1b[?25l\x1b[H${Array.from({ length: rows }, () => `${sgr(r)}${words(r, 8)}\x1b[0m\x1b[K`).join('\r\n')}\x1b[?25h`,
  redraw: (r) => `\x1b[0m\x1b[2J\x1b[H${words(r)}`,
};

const WEIGHTS = { redraw: 0.3, alternate: 0.5, normal: 0.5, insert: 0.7 };

/** Chooses items; `rules` adds the constructs in which the two emulators differ. */
export function program(seed, { size, length = 60, rules = null }) {
  const r = random(seed);
  const names = Object.keys(COMMON);
  const items = [];
  while (items.length < length) {
    if (rules && r.next() < 0.12) {
      const rule = r.from(rules);
      items.push({ name: rule.name, bytes: rule.make(r, size), rule: rule.name });
      continue;
    }
    const name = r.from(names);
    if (r.next() > (WEIGHTS[name] ?? 1)) continue;
    items.push({ name, bytes: COMMON[name](r, size) });
  }
  // What stays wide is written last.
  const rows = [2, 5, 9].map((y) => `${at(y, 1)}\x1b[2K${r.from(WIDE)} ${words(r, 2)}${r.from(WIDE)}`);
  items.push({ name: 'wide rows', bytes: `\x1b[4l\x1b[r${rows.join('')}` });
  return items;
}
