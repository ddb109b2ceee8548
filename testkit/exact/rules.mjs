// Where tmux and xterm.js read the same bytes differently. Each rule makes such bytes, and `rules.test.mjs` shows
// that they differ; nothing else is excused. With healing only those are that are marked as `lasting`: a row that
// the emulator cannot hold as tmux does is not mended by writing it again.

const at = (y, x) => `\x1b[${y};${x}H`;
const flood = (r) => {
  const line = () => `${'a line of a flood '.repeat(r.between(1, 9))}${r.below(9999)}\r\n`;
  return Array.from({ length: r.between(200, 2500) }, line).join('');
};

/** Differences of the two emulators themselves: they show when both read everything from the start. */
export const EMULATOR_RULES = [
  {
    name: 'rows put in or taken out move the column (IL, DL)',
    make: (r) => `${at(5, 9)}\x1b[${r.from(['L', 'M'])}col`,
  },
  {
    name: 'back from a pending wrap (CUB)',
    make: (r, { cols }) => `${at(r.between(1, 9), cols)}w\x1b[${r.between(1, 3)}Dcub`,
  },
  {
    name: 'half of a wide letter is written over, erased or pushed on',
    lasting: true,
    make: (r) =>
      r.from([`${at(3, 1)}\x1b[2K漢字${at(3, 2)}over`, `${at(3, 3)}\x1b[2K漢字漢字${at(3, 4)}\x1b[1${r.from(['P', '@'])}`]),
  },
  {
    name: 'rows put in or taken out outside of the scroll region (IL, DL)',
    make: (r) => `\x1b[9;12r${at(3, 1)}\x1b[2Kmoved${at(2, 1)}\x1b[1${r.from(['L', 'M'])}\r\x1b[r`,
  },
  {
    name: 'one scroll region for both screens (DECSTBM)',
    make: () => `\x1b[?1049l\x1b[4;9r\x1b[?1049h\x1b[2J${at(3, 1)}both\x1b[2S`,
  },
  {
    name: 'letters joined by ZWJ',
    lasting: true,
    make: (r) => `${at(r.between(1, 9), 3)}👩‍👩‍👧|`,
  },
  {
    name: 'leaving the alternate screen while on the normal one (?1049l)',
    make: () => `\x1b[?1049l${at(2, 2)}\x1b7${at(9, 9)}\x1b[?1049lback`,
  },
  {
    name: 'one saved cursor for both screens (DECSC)',
    make: () => `\x1b[?1049l${at(7, 7)}\x1b7\x1b[?1049h${at(2, 2)}\x1b8both`,
  },
];

/** What nobody can know after bytes that were not read, because tmux 3.3a does not tell it. */
export const CUT_RULES = [
  {
    name: 'pen and charsets are lost when a flood is cut',
    make: (r) => `${flood(r)}\x1b[38;5;${r.between(17, 230)}m${at(r.between(2, 9), 9)}${' '.repeat(40)}\rpen`,
  },
  {
    name: 'a saved cursor is lost at a cut',
    make: (r) => `${at(r.between(2, 9), 9)}\x1b7${at(1, 1)}${' '.repeat(40)}\x1b8saved`,
  },
  {
    name: 'tab stops are lost at a cut',
    make: (r) => `\x1b[3g${at(1, 6)}\x1bH${at(r.between(1, 9), 1)}${' '.repeat(40)}\r\ttab`,
  },
];
