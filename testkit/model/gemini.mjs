// Gemini generateContent: what Gemini CLI speaks. Results carry the tool's name instead of an id.

import { pieces, pushResult, pushUser, stableId, textOf, usageOf } from './conversation.mjs'

/** Reads a request body into a turn; model and streaming are in the path. */
export function read(body, path) {
  const items = []
  for (const content of body.contents ?? []) {
    for (const part of content.parts ?? []) readPart(content.role, part, items)
  }
  const tools = (body.tools ?? [])
    .flatMap((tool) => tool.functionDeclarations ?? [])
    .map(({ name }) => ({ name, label: name }))
  const [, model = '', method = ''] = /\/models\/([^:/]+):(\w+)/.exec(path) ?? []
  const schema = body.generationConfig?.responseJsonSchema ?? body.generationConfig?.responseSchema ?? null
  const system = (body.systemInstruction?.parts ?? []).map((part) => part.text ?? '').join('\n')
  return { api: 'gemini', model, system, stream: method === 'streamGenerateContent', tools, items, schema: lower(schema) }
}

function readPart(role, part, items) {
  if (part.functionCall) {
    const { id, name, args } = part.functionCall
    items.push({ kind: 'call', id: id ?? name, tool: name, args })
  } else if (part.functionResponse) {
    const { id, name, response } = part.functionResponse
    pushResult(items, id ?? name, textOf(response?.output ?? response), name)
  } else if (typeof part.text === 'string' && !part.thought) {
    if (role === 'model') items.push({ kind: 'assistant', text: part.text })
    else pushUser(items, part.text)
  }
}

/** Gemini writes schema types in capitals. */
function lower(schema) {
  if (schema === null || typeof schema !== 'object') return schema
  if (Array.isArray(schema)) return schema.map(lower)
  const entries = Object.entries(schema).map(([key, value]) => {
    return [key, key === 'type' && typeof value === 'string' ? value.toLowerCase() : lower(value)]
  })
  return Object.fromEntries(entries)
}

/** The whole answer, for a caller that does not stream. */
export function whole(turn, reply) {
  const text = reply.text === '' && reply.calls.length > 0 ? [] : [{ text: reply.text }]
  return answer(turn, reply, [...text, ...calls(turn, reply)], 'STOP')
}

/** The chunks of a streamed answer, as { data }. */
export function* events(turn, reply) {
  for (const text of pieces(reply.text)) yield { data: answer(turn, reply, [{ text }]) }
  yield { data: answer(turn, reply, calls(turn, reply), 'STOP') }
}

function calls(turn, reply) {
  return reply.calls.map((call, index) => ({
    functionCall: { id: stableId('call_', turn, index), name: call.tool.name, args: call.args },
  }))
}

function answer(turn, reply, parts, finishReason) {
  const { input, output } = usageOf(turn, reply)
  return {
    responseId: stableId('resp_', turn),
    modelVersion: turn.model,
    candidates: [{ index: 0, content: { role: 'model', parts }, ...(finishReason ? { finishReason } : {}) }],
    usageMetadata: { promptTokenCount: input, candidatesTokenCount: output, totalTokenCount: input + output },
  }
}

/** The body of an error answer. */
export const error = (status) => ({ error: { code: status, status: 'INTERNAL', message: `scripted error ${status}` } })
