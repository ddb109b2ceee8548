// OpenAI Responses: what Codex speaks. MCP tools come inside namespaces and are called with one.

import { pieces, pushResult, pushUser, stableId, textOf, usageOf } from './conversation.mjs'

/** Reads a request body into a turn. */
export function read(body) {
  const items = []
  let system = body.instructions ?? ''
  const input = typeof body.input === 'string' ? [{ type: 'message', role: 'user', content: body.input }] : body.input
  for (const item of input ?? []) {
    if (item.role === 'developer' || item.role === 'system') system += `\n${textOf(item.content)}`
    else readItem(item, items)
  }
  const tools = (body.tools ?? []).flatMap(readTool)
  const schema = body.text?.format?.schema ?? null
  return { api: 'responses', model: body.model ?? '', system, stream: body.stream === true, tools, items, schema }
}

function readItem(item, items) {
  if (item.type === 'function_call') {
    items.push({ kind: 'call', id: item.call_id, tool: label(item.namespace, item.name), args: parse(item.arguments) })
  } else if (item.type === 'custom_tool_call') {
    items.push({ kind: 'call', id: item.call_id, tool: item.name, args: item.input })
  } else if (item.type?.endsWith('_call_output')) {
    pushResult(items, item.call_id, textOf(item.output))
  } else if (item.role === 'assistant') {
    items.push({ kind: 'assistant', text: textOf(item.content) })
  } else if (item.role === 'user') {
    for (const part of [item.content].flat()) pushUser(items, textOf(part))
  }
}

function readTool(tool) {
  if (tool.type === 'namespace') {
    return (tool.tools ?? []).map(({ name }) => ({ name, namespace: tool.name, label: label(tool.name, name) }))
  }
  return tool.name ? [{ name: tool.name, label: tool.name, custom: tool.type === 'custom' }] : []
}

const label = (namespace, name) => (namespace ? `${namespace.replace(/_+$/, '')}__${name}` : name)

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The whole response, for a caller that does not stream. */
export function whole(turn, reply) {
  return { ...head(turn), status: 'completed', output: output(turn, reply), usage: usage(turn, reply) }
}

/** The events of a streamed response, as { event, data }. */
export function* events(turn, reply) {
  yield event({ type: 'response.created', response: { ...head(turn), status: 'in_progress', output: [] } })
  for (const [output_index, item] of output(turn, reply).entries()) {
    if (item.type === 'message') yield* message(item, output_index)
    else yield event({ type: 'response.output_item.added', output_index, item: { ...item, arguments: '' } })
    yield event({ type: 'response.output_item.done', output_index, item })
  }
  yield event({ type: 'response.completed', response: whole(turn, reply) })
}

function* message(item, output_index) {
  const place = { item_id: item.id, output_index, content_index: 0 }
  yield event({ type: 'response.output_item.added', output_index, item: { ...item, content: [] } })
  for (const delta of pieces(item.content[0].text)) yield event({ type: 'response.output_text.delta', ...place, delta })
}

function output(turn, reply) {
  const all = []
  if (reply.text !== '' || reply.calls.length === 0) {
    const content = [{ type: 'output_text', text: reply.text, annotations: [] }]
    all.push({ type: 'message', id: stableId('msg_', turn), role: 'assistant', status: 'completed', content })
  }
  reply.calls.forEach((call, index) => all.push(toolCall(turn, call, index)))
  return all
}

function toolCall(turn, { tool, args }, index) {
  const ids = { id: stableId('fc_', turn, index), call_id: stableId('call_', turn, index), status: 'completed' }
  if (tool.custom) return { type: 'custom_tool_call', ...ids, name: tool.name, input: args.input ?? String(args) }
  const namespace = tool.namespace ? { namespace: tool.namespace } : {}
  return { type: 'function_call', ...ids, ...namespace, name: tool.name, arguments: JSON.stringify(args) }
}

const head = (turn) => ({ id: stableId('resp_', turn), object: 'response', created_at: 0, model: turn.model })

function usage(turn, reply) {
  const { input, output } = usageOf(turn, reply)
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  }
}

const event = (data) => ({ event: data.type, data })

/** The body of an error answer. */
export const error = (status) => ({ error: { type: 'server_error', code: `scripted_${status}`, message: `scripted error ${status}` } })
