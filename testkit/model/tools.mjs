// Finds the offered tool that a reply asks for, and knows how each CLI's shell tool wants its command.

/** The offered tool whose label matches; the shortest label wins, so `delegate$` is not `undelegate`'s prey by order. */
export function pickTool(turn, source) {
  const expression = new RegExp(source)
  const found = turn.tools.filter((tool) => expression.test(tool.label))
  return found.sort((a, b) => a.label.length - b.label.length)[0] ?? null
}

/** Label of the shell tool → its arguments for one command line. */
const SHELLS = {
  Bash: (command) => ({ command, description: 'Run the scripted command' }),
  exec_command: (cmd) => ({ cmd }),
  shell_command: (command) => ({ command }),
  shell: (command) => ({ command: ['bash', '-lc', command] }),
  bash: (command) => ({ command, description: 'Run the scripted command' }),
  run_shell_command: (command) => ({ command, description: 'Run the scripted command', is_background: false }),
}

/** The call that runs one command line with whatever shell tool this CLI offers; null without one. */
export function shellCall(turn, command) {
  for (const [label, args] of Object.entries(SHELLS)) {
    const tool = turn.tools.find((offered) => offered.label === label)
    if (tool) return { tool, args: args(command) }
  }
  return null
}
