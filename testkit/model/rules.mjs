// Which answer a request gets: the script, its rules, and what is filled into their replies.
//
// The answer depends on the request and the script alone; nothing is counted or remembered, so
// retries and sessions side by side cannot disturb each other. README.md has the format.

import { jsonOf, lastOf, lastUserText } from './conversation.mjs'
import { fill, fillValue, valueAt } from './fill.mjs'
import { pickTool, shellCall } from './tools.mjs'
import { fromSchema, isHelper } from './helpers.mjs'

const CONDITIONS = ['match', 'result', 'tool', 'earlier', 'system', 'model', 'api']
const FIELDS = [...CONDITIONS, 'at', 'name', 'stream', 'helper', 'reply', 'delay_ms', 'chunk_ms', 'status', 'cut']

/** Checks a script and compiles its expressions; throws an Error that names the rule. */
export function compileScript(source) {
  const rules = Array.isArray(source) ? source : source?.rules
  if (!Array.isArray(rules)) throw new Error('a script is {"rules": [...]}')
  return { rules: rules.map(compileRule), fallback: source.default ?? { text: 'ok' } }
}

function compileRule(rule, index) {
  const name = rule.name ?? `rule ${index + 1}`
  const unknown = Object.keys(rule).filter((key) => !FIELDS.includes(key))
  if (unknown.length > 0) throw new Error(`${name}: unknown field ${unknown.join(', ')}`)
  const compiled = { ...rule, name }
  for (const key of CONDITIONS) {
    if (rule[key] !== undefined) compiled[key] = compileExpression(rule[key], `${name}.${key}`)
  }
  compiled.at = Object.entries(rule.at ?? {}).map(([path, source]) => [path, compileExpression(source, `${name}.at.${path}`)])
  return compiled
}

function compileExpression(source, where) {
  try {
    return new RegExp(source, 's')
  } catch (error) {
    throw new Error(`${where}: ${error.message}`)
  }
}

/** The answer to one request: { rule, helper, text, calls, status, cut, delay_ms, chunk_ms, problem }. */
export function answer(script, turn) {
  const helper = isHelper(turn)
  for (const rule of script.rules) {
    if (helper !== (rule.helper === true)) continue
    const captures = matches(rule, turn)
    if (captures) return build(rule, turn, captures)
  }
  const rule = helper ? null : script.fallback
  const text = helper ? helperText(turn) : fill(rule.text ?? 'ok', { turn, captures: {} })
  return { rule: null, helper, text, calls: [], delay_ms: 0, chunk_ms: 0 }
}

function helperText(turn) {
  return turn.schema ? JSON.stringify(fromSchema(turn.schema)) : 'Scripted title'
}

/** The captured groups when every condition of the rule holds, else null. */
function matches(rule, turn) {
  const last = lastOf(turn)
  if (rule.stream !== undefined && rule.stream !== turn.stream) return null
  const answersTool = rule.result !== undefined || rule.tool !== undefined || rule.at.length > 0
  if (answersTool !== (last.kind === 'result')) return null
  const subjects = {
    api: turn.api,
    model: turn.model,
    system: turn.system,
    match: lastUserText(turn),
    tool: last.tool ?? '',
    result: last.text,
  }
  const captures = {}
  for (const [key, subject] of Object.entries(subjects)) {
    if (rule[key] && !capture(rule[key], subject, captures)) return null
  }
  const json = rule.at.length > 0 ? jsonOf(last.text) : undefined
  if (!rule.at.every(([path, expression]) => capture(expression, String(valueAt(json, path)), captures))) return null
  if (rule.earlier) {
    const texts = turn.items.filter((item) => item.kind === 'user').map((item) => item.text)
    if (!texts.reverse().some((text) => capture(rule.earlier, text, captures))) return null
  }
  return captures
}

/** Collects groups by number and by name; a later condition's numbers win, so name what matters. */
function capture(expression, subject, captures) {
  const found = expression.exec(subject)
  if (!found) return false
  found.forEach((value, index) => {
    if (index > 0 && value !== undefined) captures[index] = value
  })
  Object.assign(captures, found.groups)
  return true
}

function build(rule, turn, captures) {
  const { delay_ms = 0, chunk_ms = 0, status, cut } = rule
  const reply = typeof rule.reply === 'string' ? { text: rule.reply } : (rule.reply ?? {})
  const context = { turn, captures }
  const result = { rule: rule.name, helper: rule.helper === true, text: '', calls: [], delay_ms, chunk_ms, status, cut }
  if (reply.text !== undefined) result.text = fill(reply.text, context)
  for (const wanted of reply.calls ?? []) {
    const call = resolveCall(wanted, context)
    if (call) result.calls.push(call)
    else return { ...result, ...missingTool(rule, wanted, turn) }
  }
  return result
}

function resolveCall(wanted, context) {
  if (wanted.shell !== undefined) return shellCall(context.turn, fill(wanted.shell, context))
  const tool = pickTool(context.turn, wanted.tool)
  return tool && { tool, args: fillValue(wanted.args ?? {}, context) }
}

/** A script that asks for a tool which was not offered is a mistake worth seeing in the pane and the log. */
function missingTool(rule, wanted, turn) {
  const problem = `no offered tool matches ${wanted.tool ?? 'shell'}`
  const offered = turn.tools.map((tool) => tool.label).join(', ')
  return { text: `SCRIPT PROBLEM in ${rule.name}: ${problem}; offered: ${offered}`, calls: [], problem }
}
