// One shape for the requests of every API: who spoke, which tools were called, what they returned.
//
// turn = { api, model, system, stream, session, tools: [{ name, label, kind }], items, schema, size }
// items, oldest first, are one of
//   { kind: 'user', text }  { kind: 'assistant', text }
//   { kind: 'call', id, tool, args }  { kind: 'result', id, tool, text }
// A tool's label is what rules match; APIs with namespaces get `namespace__name`.

import { createHash } from 'node:crypto'

/** Blocks that a CLI puts around or beside what the person wrote. */
const WRAPPERS = /<(system-reminder|environment_context|user_instructions|INSTRUCTIONS|session_context|permissions instructions|skill|turn_aborted)>[\s\S]*?<\/\1>/g

/** What Aider adds behind the person's text to remind the model of its edit format. */
const REMINDER = /\n\n(To suggest changes to a file you MUST|# \*SEARCH\/REPLACE block\* Rules)[\s\S]*$/

/** The text of a person: what is left when the CLI's own additions are gone. */
export function stripWrappers(text) {
  return text.replace(WRAPPERS, '').replace(REMINDER, '').trim()
}

/** Adds a user text, unless nothing but wrappers was in it. */
export function pushUser(items, text) {
  const own = stripWrappers(text)
  if (own !== '') items.push({ kind: 'user', text: own })
}

/** Adds a tool result under the label of the call that it answers. */
export function pushResult(items, id, text, label) {
  const call = items.findLast((item) => item.kind === 'call' && item.id === id)
  items.push({ kind: 'result', id, tool: label ?? call?.tool ?? '', text })
}

/** Text of a content value that may be a string, one part, or a list of parts. */
export function textOf(content) {
  if (content === undefined || content === null) return ''
  if (typeof content === 'string') return content
  if (Array.isArray(content)) return content.map(textOf).filter((part) => part !== '').join('\n')
  if (typeof content.text === 'string') return content.text
  if (content.content !== undefined) return textOf(content.content)
  return JSON.stringify(content)
}

/** What the model is asked to react to: a person's text or a tool's result. */
export function lastOf(turn) {
  return turn.items.at(-1) ?? { kind: 'user', text: '' }
}

export function lastUserText(turn) {
  return turn.items.findLast((item) => item.kind === 'user')?.text ?? ''
}

/** JSON inside a tool's text: alone, wrapped in content parts, or after a line of prose. */
export function jsonOf(text) {
  for (const start of [0, text.search(/[[{]/)]) {
    if (start < 0) continue
    try {
      return unwrapParts(JSON.parse(text.slice(start)))
    } catch {
      // Not JSON from here on; try the next place.
    }
  }
  return undefined
}

function unwrapParts(value) {
  const isParts = Array.isArray(value) && value.length > 0 && value.every((part) => typeof part?.text === 'string')
  if (!isParts) return value
  return jsonOf(value.map((part) => part.text).join('\n')) ?? value
}

/** The same request always gets the same ids, so that a retry looks like the first try. */
export function stableId(prefix, turn, ...more) {
  const hash = createHash('sha256').update(JSON.stringify([turn.api, turn.items, more])).digest('hex')
  return `${prefix}${hash.slice(0, 24)}`
}

/** A made-up but repeatable bill: four characters are one token. */
export function usageOf(turn, reply) {
  const written = reply.text + reply.calls.map((call) => JSON.stringify(call.args)).join('')
  return { input: Math.ceil(turn.size / 4), output: Math.max(1, Math.ceil(written.length / 4)) }
}

/** Cuts a text into the pieces of a stream, never inside a character. */
export function pieces(text, length = 40) {
  const characters = Array.from(text)
  const all = []
  for (let at = 0; at < characters.length; at += length) all.push(characters.slice(at, at + length).join(''))
  return all
}
