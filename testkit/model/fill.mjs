// Fills `${…}` in a reply from the request that it answers.
//
//   ${name} ${1}            a group captured by one of the rule's expressions
//   ${text}                 the last thing the person wrote
//   ${result}               the newest tool result as text; ${result.task.id} a value in its JSON
//   ${result[delegate].id}  the same in the newest result of a tool whose label matches `delegate`

import { jsonOf, lastUserText } from './conversation.mjs'

const SLOT = /\$\{([^}]+)\}/g
const RESULT = /^result(?:\[(?<tool>.+)\])?(?:\.(?<path>.+))?$/

/** A text with its slots filled; an unknown slot says so instead of vanishing. */
export function fill(text, context) {
  return String(text).replace(SLOT, (_, slot) => {
    const value = lookUp(slot.trim(), context)
    return typeof value === 'string' ? value : JSON.stringify(value)
  })
}

/** Like `fill` through objects and lists; a string that is one slot keeps the value's type. */
export function fillValue(value, context) {
  if (Array.isArray(value)) return value.map((item) => fillValue(item, context))
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillValue(item, context)]))
  }
  if (typeof value !== 'string') return value
  const whole = /^\$\{([^}]+)\}$/.exec(value)
  return whole ? lookUp(whole[1].trim(), context) : fill(value, context)
}

/** The value at a dotted path, or undefined. */
export function valueAt(json, path) {
  return path.split('.').reduce((inner, key) => inner?.[key], json)
}

function lookUp(slot, { turn, captures }) {
  if (Object.hasOwn(captures, slot)) return captures[slot]
  if (slot === 'text') return lastUserText(turn)
  const asked = RESULT.exec(slot)
  if (!asked) return `UNKNOWN SLOT ${slot}`
  const { tool, path } = asked.groups
  const expression = tool === undefined ? /(?:)/ : new RegExp(tool)
  const result = turn.items.findLast((item) => item.kind === 'result' && expression.test(item.tool))
  if (!result) return `NO RESULT for ${slot}`
  if (path === undefined) return result.text
  const value = valueAt(jsonOf(result.text), path)
  return value === undefined ? `NO VALUE for ${slot}` : value
}
