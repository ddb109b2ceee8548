// Anthropic Messages: what Claude Code speaks.

import { pieces, pushResult, pushUser, stableId, textOf, usageOf } from './conversation.mjs'

/** Reads a request body into a turn. */
export function read(body) {
  const items = []
  let system = textOf(body.system)
  for (const message of body.messages ?? []) {
    const blocks = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
    if (message.role === 'system') system += `\n${textOf(message.content)}`
    else for (const block of blocks ?? []) readBlock(message.role, block, items)
  }
  const tools = (body.tools ?? []).map(({ name }) => ({ name, label: name }))
  const schema = body.output_config?.format?.schema ?? body.output_format?.schema ?? null
  return { api: 'anthropic', model: body.model ?? '', system, stream: body.stream === true, tools, items, schema }
}

function readBlock(role, block, items) {
  if (block.type === 'tool_result') pushResult(items, block.tool_use_id, textOf(block.content))
  else if (block.type === 'tool_use') items.push({ kind: 'call', id: block.id, tool: block.name, args: block.input })
  else if (block.type === 'text' && role === 'user') pushUser(items, block.text)
  else if (block.type === 'text') items.push({ kind: 'assistant', text: block.text })
}

/** The whole message, for a caller that does not stream. */
export function whole(turn, reply) {
  const usage = usageOf(turn, reply)
  const content = reply.text === '' && reply.calls.length > 0 ? [] : [{ type: 'text', text: reply.text }]
  reply.calls.forEach((call, index) => content.push(toolUse(turn, call, index)))
  return {
    ...head(turn, usage),
    content,
    stop_reason: stopReason(reply),
    usage: { input_tokens: usage.input, output_tokens: usage.output },
  }
}

/** The events of a streamed message, as { event, data }. */
export function* events(turn, reply) {
  const usage = usageOf(turn, reply)
  yield event({ type: 'message_start', message: head(turn, usage) })
  let index = 0
  if (reply.text !== '' || reply.calls.length === 0) {
    const deltas = pieces(reply.text).map((text) => ({ type: 'text_delta', text }))
    yield* block(index++, { type: 'text', text: '' }, deltas)
  }
  for (const [number, call] of reply.calls.entries()) {
    const use = toolUse(turn, call, number)
    const deltas = pieces(JSON.stringify(use.input)).map((part) => ({ type: 'input_json_delta', partial_json: part }))
    yield* block(index++, { ...use, input: {} }, deltas)
  }
  const delta = { stop_reason: stopReason(reply), stop_sequence: null }
  yield event({ type: 'message_delta', delta, usage: { output_tokens: usage.output } })
  yield event({ type: 'message_stop' })
}

function* block(index, content_block, deltas) {
  yield event({ type: 'content_block_start', index, content_block })
  for (const delta of deltas) yield event({ type: 'content_block_delta', index, delta })
  yield event({ type: 'content_block_stop', index })
}

function head(turn, usage) {
  return {
    id: stableId('msg_', turn),
    type: 'message',
    role: 'assistant',
    model: turn.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: usage.input, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 },
  }
}

const toolUse = (turn, call, index) => ({
  type: 'tool_use',
  id: stableId('toolu_', turn, index),
  name: call.tool.name,
  input: call.args,
})

const stopReason = (reply) => (reply.calls.length > 0 ? 'tool_use' : 'end_turn')
const event = (data) => ({ event: data.type, data })

/** The body of an error answer. */
export function error(status) {
  const types = { 400: 'invalid_request_error', 401: 'authentication_error', 429: 'rate_limit_error', 529: 'overloaded_error' }
  return { type: 'error', error: { type: types[status] ?? 'api_error', message: `scripted error ${status}` } }
}
