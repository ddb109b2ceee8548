// A screen as rows of text and attributes, from tmux' capture and from xterm.js, written independently of the
// hashes that the page and the daemon compare.
import { spawnSync } from 'node:child_process';

const DRAWN = [...'◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·'];
const FORMAT =
  '#{cursor_x}:#{cursor_y}:#{alternate_on}:#{insert_flag}:#{keypad_cursor_flag}:#{keypad_flag}:#{origin_flag}:#{wrap_flag}:#{mouse_all_flag}#{mouse_button_flag}#{mouse_standard_flag}:#{pane_width}:#{pane_height}';

export function tmuxScreen(socket, pane) {
  const tmux = (...args) => {
    const done = spawnSync('tmux', ['-u', '-S', socket, ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (done.status !== 0) throw new Error(`tmux ${args.join(' ')}: ${done.stderr}`);
    return done.stdout;
  };
  const out = tmux('display-message', '-p', '-t', pane, FORMAT, ';', 'capture-pane', '-e', '-N', '-p', '-t', pane);
  const [head, ...lines] = out.split('\n');
  const [x, y, alternate, insert, cursorKeys, keypad, origin, wrap, mouse, cols, rows] = head.split(':');
  const state = { pen: {}, drawing: false };
  const tracking = mouse[0] === '1' ? 'any' : mouse[1] === '1' ? 'drag' : mouse[2] === '1' ? 'vt200' : 'none';
  return {
    rows: lines.slice(0, Number(rows)).map((line) => finish(readRow(line, state))),
    cursor: `${wrap === '1' ? x : Math.min(x, cols - 1)},${y}`,
    modes: [alternate, insert, cursorKeys, keypad, origin, wrap, tracking].join(' '),
  };
}

export function emulatorScreen(terminal) {
  const { active } = terminal.buffer;
  const rows = [];
  for (let y = 0; y < terminal.rows; y += 1) {
    const line = active.getLine(active.baseY + y);
    const cells = [];
    for (let x = 0; x < terminal.cols; x += 1) {
      const cell = line.getCell(x);
      if (cell.getWidth() === 0) continue;
      cells.push([cell.getChars() || ' ', attributes(cell)]);
    }
    rows.push(finish(cells));
  }
  const m = terminal.modes;
  const flags = [active.type === 'alternate', m.insertMode, m.applicationCursorKeysMode, m.applicationKeypadMode];
  const all = [...flags, m.originMode, m.wraparoundMode].map(Number);
  const x = m.wraparoundMode ? active.cursorX : Math.min(active.cursorX, terminal.cols - 1);
  const tracking = m.mouseTrackingMode === 'x10' ? 'vt200' : m.mouseTrackingMode;
  return { rows, cursor: `${x},${active.cursorY}`, modes: [...all, tracking].join(' ') };
}

/** What differs, in words; empty when nothing does. */
export function difference(wanted, shown) {
  const found = [];
  wanted.rows.forEach((row, y) => {
    const other = shown.rows[y];
    if (row.text !== other?.text) found.push(`row ${y}: ${JSON.stringify(row.text)} / ${JSON.stringify(other?.text)}`);
    else if (row.marks !== other.marks) found.push(`colours of row ${y}: ${row.marks} / ${other.marks}`);
  });
  if (wanted.cursor !== shown.cursor) found.push(`cursor: ${wanted.cursor} / ${shown.cursor}`);
  if (wanted.modes !== shown.modes) found.push(`modes: ${wanted.modes} / ${shown.modes}`);
  return found;
}

/** Blanks have no colours here, because captures lose those of erased cells. */
function finish(cells) {
  let text = '';
  let marks = '';
  let last = '';
  let length = 0;
  cells.forEach(([letter, mark]) => {
    const own = letter === ' ' ? mark.replace(/[^uir]|[fb]\S*/g, (part) => ('uir'.includes(part) ? part : '')) : mark;
    text += letter;
    if (own !== last) marks += `${text.length}[${own}]`;
    last = own;
    if (letter !== ' ' || own) length = text.length;
  });
  return { text: text.slice(0, length), marks: marks.replace(/\d+\[\]$/, '') };
}

function attributes(cell) {
  const colour = (rgb, plain, value) => (plain ? '' : rgb ? `#${value.toString(16)}` : `${value}`);
  return mark({
    flags: [
      cell.isBold() && 'B',
      cell.isDim() && 'D',
      cell.isItalic() && 'I',
      cell.isUnderline() && 'u',
      cell.isBlink() && 'K',
      cell.isInverse() && 'i',
      cell.isInvisible() && 'H',
      cell.isStrikethrough() && 'r',
    ],
    fg: colour(cell.isFgRGB(), cell.isFgDefault(), cell.getFgColor()),
    bg: colour(cell.isBgRGB(), cell.isBgDefault(), cell.getBgColor()),
  });
}

const mark = ({ flags, fg, bg }) =>
  `${flags.filter(Boolean).join('')}${fg ? ` f${fg}` : ''}${bg ? ` b${bg}` : ''}`;

const FLAGS = { 1: 'B', 2: 'D', 3: 'I', 4: 'u', 5: 'K', 7: 'i', 8: 'H', 9: 'r' };

function penMark(pen) {
  return mark({ flags: Object.values(FLAGS).map((flag) => pen[flag] && flag), fg: pen.fg, bg: pen.bg });
}

function readRow(line, state) {
  const cells = [];
  const steps = line.matchAll(/\x1b\[([0-9;:]*)m|\x1b\]8;[^\x1b]*\x1b\\|([\x0e\x0f])|(.)/gsu);
  for (const [all, sgr, shift, letter] of steps) {
    if (sgr !== undefined) applySgr(state.pen, sgr);
    else if (shift) state.drawing = shift === '\x0e';
    else if (letter !== undefined && all !== '\x1b') {
      const shown = state.drawing && letter >= '`' && letter <= '~' ? DRAWN[letter.charCodeAt(0) - 96] : letter;
      if (/^\p{M}$/u.test(shown) && cells.length > 0) cells.at(-1)[0] += shown;
      else cells.push([shown, penMark(state.pen)]);
    }
  }
  return cells;
}

function applySgr(pen, text) {
  const codes = text.split(';');
  while (codes.length > 0) {
    const [code, sub] = codes.shift().split(':');
    const n = Number(code || 0);
    if (n === 38 || n === 48) {
      const which = n === 38 ? 'fg' : 'bg';
      const kind = codes.shift();
      if (kind === '5') pen[which] = codes.shift();
      else {
        const [r, g, b] = codes.splice(0, 3).map(Number);
        pen[which] = `#${((r << 16) | (g << 8) | b).toString(16)}`;
      }
    } else if (n === 0) for (const key of Object.keys(pen)) delete pen[key];
    else if (n === 4 && sub === '0') delete pen.u;
    else if (FLAGS[n] && !(n === 5 && sub)) pen[FLAGS[n]] = true;
    else if (n >= 30 && n <= 37) pen.fg = `${n - 30}`;
    else if (n >= 90 && n <= 97) pen.fg = `${n - 82}`;
    else if (n >= 40 && n <= 47) pen.bg = `${n - 40}`;
    else if (n >= 100 && n <= 107) pen.bg = `${n - 92}`;
    else if (n === 39) delete pen.fg;
    else if (n === 49) delete pen.bg;
  }
}
