// What opencode says to Orchestra, in the words that hooks of other CLIs use. Made anew at each
// start of an agent, loaded by opencode; what it cannot tell is left to the daemon's other sources.

import { spawn } from 'node:child_process'

const ORCHESTRA = '{{orchestra_bin}}'

/** Hands one event to the daemon; gives what the hook printed. */
function tell(event) {
  return new Promise((resolve) => {
    const hook = spawn(ORCHESTRA, ['hook', 'opencode'], { stdio: ['pipe', 'pipe', 'ignore'] })
    let said = ''
    hook.stdout.on('data', (bytes) => (said += bytes))
    hook.stdin.on('error', () => {})
    hook.on('error', () => resolve(''))
    hook.on('close', () => resolve(said))
    hook.stdin.end(JSON.stringify(event))
  })
}

export const Orchestra = async ({ client, directory }) => {
  /** Sessions of sub-agents: their turns are not the agent's. */
  const inner = new Set()
  let session
  let failure
  // Events arrive in the order in which they happened.
  let before = Promise.resolve()
  const next = (event) => (before = before.then(() => tell(event)))

  async function ended(sessionID) {
    const answer = await client.session.messages({ path: { id: sessionID } }).catch(() => ({}))
    const last = (answer.data ?? []).findLast((message) => message.info.role === 'assistant')
    const texts = (last?.parts ?? []).filter((part) => part.type === 'text').map((part) => part.text)
    return texts.join('\n')
  }

  async function asked(question) {
    const said = await tell({
      hook_event_name: 'PermissionRequest',
      tool_name: question.permission,
      tool_input: question.metadata?.command ? { command: question.metadata.command } : { pattern: question.patterns?.[0] },
      cwd: directory,
    })
    let decision
    try {
      decision = JSON.parse(said).hookSpecificOutput.decision.behavior
    } catch {
      return // Nobody answered: the dialog in the terminal stays.
    }
    const response = decision === 'allow' ? 'once' : 'reject'
    const path = { id: question.sessionID, permissionID: question.id }
    await client.postSessionIdPermissionsPermissionId({ path, body: { response } }).catch(() => {})
  }

  return {
    'chat.message': async ({ sessionID }, { parts }) => {
      if (inner.has(sessionID)) return
      if (session !== sessionID) {
        session = sessionID
        next({ hook_event_name: 'SessionStart', session_id: sessionID, source: 'startup' })
      }
      failure = undefined
      const texts = parts.filter((part) => part.type === 'text' && !part.synthetic).map((part) => part.text)
      await next({ hook_event_name: 'UserPromptSubmit', prompt: texts.join('\n') })
    },
    event: async ({ event }) => {
      const about = event.properties ?? {}
      switch (event.type) {
        case 'session.created':
          if (about.info?.parentID) inner.add(about.info.id)
          return
        case 'permission.asked':
          before = before.then(() => void asked(about))
          return
        case 'permission.replied':
          next({ hook_event_name: 'PermissionReplied', reply: about.reply })
          return
        case 'session.error':
          if (about.sessionID !== session) return
          failure = about.error?.data?.message ?? about.error?.name ?? 'unknown'
          return
        case 'session.status':
          if (about.sessionID !== session || about.status?.type !== 'retry') return
          next({ hook_event_name: 'Retry', message: about.status.message, next: about.status.next })
          return
        case 'session.idle': {
          if (about.sessionID !== session) return
          const error = failure
          failure = undefined
          const text = error === undefined ? await ended(session) : ''
          next({ hook_event_name: error === undefined ? 'Stop' : 'StopFailure', last_assistant_message: text, error })
        }
      }
    },
  }
}
