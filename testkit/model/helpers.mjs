// Requests that a CLI makes for itself (titles, summaries, routing) and harmless answers to them.

import { lastUserText } from './conversation.mjs'

/** Openings of the CLIs' own requests that do offer tools. */
const OWN_REQUESTS = [
  /Generate a concise,? single-line task title/i,
  /Your task is to create a detailed summary of (the|this) conversation/i,
  /CONTEXT CHECKPOINT COMPACTION/,
  /^\[SUGGESTION MODE/,
  /^Managed memory has TWO directories/,
]

/** Openings of the system texts of CLIs that talk without offering any tool. */
const WITHOUT_TOOLS = [/^Act as an expert (software developer|code analyst|architect engineer)/]

/** True when the CLI asks for itself: no tools on offer, or one of its known texts. */
export function isHelper(turn) {
  if (turn.tools.length === 0) return !WITHOUT_TOOLS.some((opening) => opening.test(turn.system))
  const asked = `${turn.system.slice(0, 2000)}\n${lastUserText(turn)}`
  return OWN_REQUESTS.some((expression) => expression.test(asked))
}

/** The smallest value that fits a JSON schema. */
export function fromSchema(schema) {
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  if (schema.anyOf) return fromSchema(schema.anyOf[0])
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'object' || schema.properties) {
    const entries = Object.entries(schema.properties ?? {})
    return Object.fromEntries(entries.map(([key, inner]) => [key, fromSchema(inner)]))
  }
  const plain = { array: [], number: 0, integer: 0, boolean: false, null: null }
  return type in plain ? plain[type] : 'Scripted'
}
