// Screens as the CLIs draw them: rows with colours, different at every tick, for the fake daemon.

const E = '\x1b[';
const dim = (text) => `${E}2m${text}${E}22m`;
const bold = (text) => `${E}1m${text}${E}22m`;
const fg = (code, text) => `${E}${code}m${text}${E}39m`;
const rgb = (r, g, b, text) => `${E}38;2;${r};${g};${b}m${text}${E}39m`;
const SPIN = ['·', '✢', '✳', '✶', '✻', '✽'];

function box(cols, lines) {
  const inner = cols - 4;
  const plain = (text) => text.replace(/\x1b\[[0-9;]*m/g, '');
  return [
    dim(`╭${'─'.repeat(cols - 2)}╮`),
    ...lines.map(
      (line) => `${dim('│')} ${line}${' '.repeat(Math.max(0, inner - plain(line).length))} ${dim('│')}`,
    ),
    dim(`╰${'─'.repeat(cols - 2)}╯`),
  ];
}

function claude(agent, tick, cols) {
  const busy = agent.activity.state === 'busy';
  const seconds = 40 + Math.floor(tick / 2);
  const tools = [
    [`${fg(32, '⏺')} ${bold('Read')}(src/http/routes/agents.rs)`, `  ⎿  Read ${214 + (tick % 7)} lines`],
    [
      `${fg(32, '⏺')} ${bold('Bash')}(cargo nextest run -p daemon)`,
      `  ⎿  ${fg(32, '48 passed')}, 0 failed (6.2s)`,
    ],
    [
      `${fg(32, '⏺')} ${bold('Update')}(src/agents/spawn.rs)`,
      '  ⎿  Updated with 12 additions and 3 removals',
      `     ${dim('41')}      let pane = server.spawn(&command).await?;`,
      `     ${dim('42')} ${E}48;2;40;70;45m+    self.store.attempt(&task, Attempt::first(&agent)).await?;${E}49m`,
      `     ${dim('43')} ${E}48;2;82;40;42m-    todo!()${E}49m`,
    ],
  ];
  const rows = [
    ...box(Math.min(58, cols), [
      `${rgb(217, 119, 87, '✻')} Welcome to ${bold('Claude Code')}`,
      '',
      dim(`  cwd: ${agent.cwd}`),
    ]),
    '',
    `> ${agent.title || 'Look at this repository'}`,
    '',
    `⏺ I will look at how agents are started, then add the missing record.`,
    '',
    ...tools.slice(0, 1 + (Math.floor(tick / 8) % 3)).flatMap((tool) => [...tool, '']),
  ];
  if (agent.activity.waiting_for === 'permission') {
    rows.push(
      ...box(cols, [
        bold('Bash command'),
        '',
        '  git push origin HEAD:main',
        dim('  Push the finished branch'),
        '',
        'Do you want to proceed?',
        `${fg(34, '❯ 1. Yes')}`,
        "  2. Yes, and don't ask again for git push commands",
        `  3. No, and tell Claude what to do differently ${dim('(esc)')}`,
      ]),
    );
    return rows;
  }
  if (busy) {
    rows.push(
      `${rgb(217, 119, 87, `${SPIN[tick % SPIN.length]} Orchestrating…`)} ${dim(`(${seconds}s · ↑ ${(1.2 + tick / 40).toFixed(1)}k tokens · esc to interrupt)`)}`,
      '',
    );
  }
  rows.push(
    ...box(cols, [`> ${busy ? '' : dim('Try "write a test for spawn.rs"')}`]),
    dim('  ? for shortcuts'),
  );
  return rows;
}

function codex(agent, tick, cols) {
  const rows = [
    ...box(Math.min(60, cols), [
      `>_ ${bold('OpenAI Codex')} ${dim('(v0.98.0)')}`,
      '',
      `${dim('model:')} gpt-5.2-codex`,
      `${dim('directory:')} ${agent.cwd}`,
    ]),
    '',
    `${bold('›')} ${agent.title || 'Add tests'}`,
    '',
    `${dim('•')} Explored`,
    `  ${dim('└')} ${fg(36, 'Search')} fn spawn in daemon/src`,
    `    ${fg(36, 'Read')} agents/spawn.rs, agents/kill.rs`,
    '',
    `${dim('•')} Edited tests/it/routes/agents.rs ${fg(32, '(+31')} ${fg(31, '-0)')}`,
    `    ${dim('118')} ${fg(32, '+#[tokio::test]')}`,
    `    ${dim('119')} ${fg(32, '+async fn a_killed_agent_says_why() {')}`,
    `    ${dim('120')} ${fg(32, '+    let daemon = Daemon::start().await;')}`,
    '',
  ];
  if (agent.activity.state === 'waiting') {
    rows.push(
      `${bold('Which database should the tests use?')}`,
      '',
      `${fg(36, '› 1. SQLite in a temporary folder')}`,
      '  2. PostgreSQL in a container',
      '',
      dim('  Press enter to confirm'),
    );
    return rows;
  }
  if (agent.activity.state === 'busy') {
    rows.push(`${dim('•')} ${bold('Working')} ${dim(`(${Math.floor(tick / 2)}s • esc to interrupt)`)}`, '');
  }
  rows.push(
    `${bold('›')} ${dim('Write tests for @filename')}`,
    '',
    dim(`  ${92 - (tick % 30)}% context left`),
  );
  return rows;
}

function shell(agent, tick) {
  const files = [
    'api::agents',
    'api::tasks',
    'socket::resume',
    'tmux::codec',
    'store::agents',
    'delegate::caps',
  ];
  const rows = [
    `${fg(32, 'ada@desk')}:${fg(34, '~/orchestra')}$ cargo nextest run`,
    `${fg(32, '    Finished')} test profile in 4.31s`,
    `${fg(32, '    Starting')} 148 tests across 3 binaries`,
  ];
  const done = agent.activity.state === 'idle' ? 18 : 4 + (tick % 15);
  for (let i = 0; i < done; i += 1) {
    const ms = (0.021 * ((i * 7) % 13)).toFixed(3);
    rows.push(
      `${fg(32, '        PASS')} ${dim(`[   ${ms}s]`)} ${fg(35, 'daemon')}::it ${fg(36, files[i % files.length])}${fg(34, `::case_${i}`)}`,
    );
  }
  if (agent.activity.state === 'idle') {
    rows.push(
      `${'─'.repeat(40)}`,
      `${fg(32, '     Summary')} 148 tests run: ${fg(32, '148 passed')}, 0 skipped`,
      `${fg(32, 'ada@desk')}:${fg(34, '~/orchestra')}$ `,
    );
  }
  return rows;
}

/** The costliest screen: every row is another at every tick, with a new colour each eight cells. */
function storm(tick, cols, height) {
  return Array.from({ length: height }, (_, at) =>
    Array.from({ length: Math.floor(cols / 8) }, (_, part) =>
      fg(
        31 + ((at + part + tick) % 6),
        `${(at * 7919 + part * 104729 + tick).toString(36).padStart(7, '.')} `,
      ),
    ).join(''),
  );
}

/** The rows of an agent's screen at a tick, never more than it is high. */
export function screen(agent, tick) {
  const { cols, rows: height } = agent.size;
  if (agent.storms) return storm(tick, cols, height);
  const draw = agent.kind === 'shell' ? shell : agent.kind === 'codex' ? codex : claude;
  const rows = draw(agent, tick, Math.min(cols, 100));
  return [...rows.slice(-height), ...(agent.typed ? [`${agent.typed}`] : [])].slice(-height);
}

/** One whole frame: reset colours, clear, each row by cursor address. */
export function frame(agent, tick) {
  return `${E}0m${E}2J${screen(agent, tick)
    .map((row, at) => `${E}${at + 1};1H${row}`)
    .join('')}${E}0m`;
}
