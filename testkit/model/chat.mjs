// OpenAI Chat Completions: what opencode, Qwen Code and aider speak.

import { pieces, pushResult, pushUser, stableId, textOf, usageOf } from './conversation.mjs'

/** Reads a request body into a turn. */
export function read(body) {
  const items = []
  let system = ''
  for (const message of body.messages ?? []) {
    const text = textOf(message.content)
    if (message.role === 'system' || message.role === 'developer') system += `${text}\n`
    else if (message.role === 'tool') pushResult(items, message.tool_call_id, text)
    else if (message.role === 'user') pushUser(items, text)
    else readAssistant(message, text, items)
  }
  const tools = (body.tools ?? []).map((tool) => ({ name: tool.function.name, label: tool.function.name }))
  const schema = body.response_format?.json_schema?.schema ?? null
  return { api: 'chat', model: body.model ?? '', system, stream: body.stream === true, tools, items, schema }
}

function readAssistant(message, text, items) {
  if (text !== '') items.push({ kind: 'assistant', text })
  for (const call of message.tool_calls ?? []) {
    items.push({ kind: 'call', id: call.id, tool: call.function.name, args: call.function.arguments })
  }
}

/** The whole completion, for a caller that does not stream. */
export function whole(turn, reply) {
  const message = { role: 'assistant', content: reply.text }
  if (reply.calls.length > 0) message.tool_calls = reply.calls.map((call, index) => toolCall(turn, call, index))
  const choices = [{ index: 0, message, finish_reason: finish(reply) }]
  return { ...head(turn, 'chat.completion'), choices, usage: usage(turn, reply) }
}

/** The chunks of a streamed completion, as { data }. */
export function* events(turn, reply) {
  const chunk = (delta, finish_reason = null) => ({
    data: { ...head(turn, 'chat.completion.chunk'), choices: [{ index: 0, delta, finish_reason }] },
  })
  yield chunk({ role: 'assistant', content: '' })
  for (const content of pieces(reply.text)) yield chunk({ content })
  for (const [index, call] of reply.calls.entries()) {
    yield chunk({ tool_calls: [{ index, ...toolCall(turn, call, index) }] })
  }
  yield chunk({}, finish(reply))
  yield { data: { ...head(turn, 'chat.completion.chunk'), choices: [], usage: usage(turn, reply) } }
  yield { data: '[DONE]' }
}

const toolCall = (turn, call, index) => ({
  id: stableId('call_', turn, index),
  type: 'function',
  function: { name: call.tool.name, arguments: JSON.stringify(call.args) },
})

const finish = (reply) => (reply.calls.length > 0 ? 'tool_calls' : 'stop')
const head = (turn, object) => ({ id: stableId('chatcmpl-', turn), object, created: 0, model: turn.model })

function usage(turn, reply) {
  const { input, output } = usageOf(turn, reply)
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
}

/** CLIs try again by the type of an error, not by its number alone. */
const TYPES = { 400: 'invalid_request_error', 401: 'authentication_error', 429: 'rate_limit_error' }

/** The body of an error answer. */
export const error = (status) => ({ error: { type: TYPES[status] ?? 'server_error', code: `scripted_${status}`, message: `scripted error ${status}` } })
