// The endpoint over real HTTP: every API whole and streamed, errors, cuts, delays, log and script.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startModel } from './server.mjs'

const SCRIPT = {
  rules: [
    { name: 'call', match: '^call (?<word>\\w+)', reply: { text: 'I will', calls: [{ tool: 'delegate$', args: { task: '${word}' } }] } },
    { name: 'result', tool: 'delegate$', result: '', reply: 'it said ${result.answer}' },
    { name: 'fail', match: '^fail', status: 529 },
    { name: 'cut', match: '^cut', cut: true, reply: 'a long text that will never arrive whole, because the line goes dead' },
    { name: 'late', match: '^late', delay_ms: 120, reply: 'at last' },
  ],
  default: { text: 'echo ${text}' },
}

let model
before(async () => (model = await startModel({ script: SCRIPT })))
after(() => model.close())

const post = (path, body) => fetch(model.url + path, { method: 'POST', body: JSON.stringify(body), headers: { authorization: 'Bearer sk-secret' } })

/** The data objects of a server-sent stream. */
async function streamed(path, body) {
  const text = await (await post(path, body)).text()
  const lines = text.split('\n').filter((line) => line.startsWith('data: {'))
  return lines.map((line) => JSON.parse(line.slice(6)))
}

const anthropic = (content, more) => ({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content }], tools: [{ name: 'mcp__orchestra__delegate' }], ...more })

test('Anthropic: a streamed text and tool call', async () => {
  const events = await streamed('/v1/messages?beta=true', anthropic('<system-reminder>call no</system-reminder>call kiwi', { stream: true }))
  const deltas = events.filter((event) => event.type === 'content_block_delta').map((event) => event.delta)
  assert.equal(deltas.map((delta) => delta.text ?? '').join(''), 'I will')
  assert.equal(deltas.map((delta) => delta.partial_json ?? '').join(''), '{"task":"kiwi"}')
  assert.equal(events.at(-2).delta.stop_reason, 'tool_use')
  assert.equal(events.at(-1).type, 'message_stop')
})

test('Anthropic: a tool result, whole; the id is stable', async () => {
  const messages = [
    { role: 'user', content: 'call kiwi' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'mcp__orchestra__delegate', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: '{"answer":"yes"}' }] }] },
  ]
  const ask = async () => (await post('/v1/messages', anthropic('', { messages }))).json()
  const [first, second] = [await ask(), await ask()]
  assert.equal(first.content[0].text, 'it said yes')
  assert.deepEqual(first, second)
})

test('Responses: a namespaced function call and its output', async () => {
  const tools = [{ type: 'namespace', name: 'mcp__orchestra', tools: [{ type: 'function', name: 'delegate' }] }]
  const input = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'call kiwi' }] }]
  const events = await streamed('/v1/responses', { model: 'm', stream: true, input, tools })
  const call = events.find((event) => event.type === 'response.output_item.done' && event.item.type === 'function_call').item
  assert.equal(call.namespace, 'mcp__orchestra')
  assert.equal(call.name, 'delegate')
  assert.equal(events.at(-1).response.status, 'completed')
  const output = 'Wall time: 0.1 seconds\nOutput:\n{"answer":"yes"}'
  const more = [...input, call, { type: 'function_call_output', call_id: call.call_id, output }]
  const done = await (await post('/v1/responses', { model: 'm', input: more, tools })).json()
  assert.equal(done.output[0].content[0].text, 'it said yes')
})

test('Chat Completions: a streamed call and its result', async () => {
  const tools = [{ type: 'function', function: { name: 'delegate' } }]
  const asked = [{ role: 'user', content: 'call kiwi' }]
  const chunks = await streamed('/v1/chat/completions', { model: 'm', stream: true, messages: asked, tools })
  const call = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])[0]
  assert.deepEqual(JSON.parse(call.function.arguments), { task: 'kiwi' })
  const messages = [...asked, { role: 'assistant', tool_calls: [call] }, { role: 'tool', tool_call_id: call.id, content: '{"answer":"yes"}' }]
  const done = await (await post('/v1/chat/completions', { model: 'm', messages, tools })).json()
  assert.equal(done.choices[0].message.content, 'it said yes')
})

test('Gemini: a streamed call and its result', async () => {
  const tools = [{ functionDeclarations: [{ name: 'mcp_orchestra_delegate' }] }]
  const contents = [{ role: 'user', parts: [{ text: 'call kiwi' }] }]
  const chunks = await streamed('/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse', { contents, tools })
  const { functionCall } = chunks.at(-1).candidates[0].content.parts[0]
  assert.deepEqual(functionCall.args, { task: 'kiwi' })
  contents.push({ role: 'model', parts: [{ functionCall }] })
  contents.push({ role: 'user', parts: [{ functionResponse: { id: functionCall.id, name: functionCall.name, response: { output: '{"answer":"yes"}' } } }] })
  const done = await (await post('/v1beta/models/gemini-2.5-pro:generateContent', { contents, tools })).json()
  assert.equal(done.candidates[0].content.parts[0].text, 'it said yes')
})

test('an error, a cut and a delay happen as the script says', async () => {
  assert.equal((await post('/v1/messages', anthropic('fail'))).status, 529)
  await assert.rejects(async () => (await post('/v1/messages', anthropic('cut', { stream: true }))).text())
  const started = Date.now()
  await (await post('/v1/messages', anthropic('late'))).json()
  assert.ok(Date.now() - started >= 115)
})

test('tokens are counted and unknown paths refused', async () => {
  assert.ok((await (await post('/v1/messages/count_tokens', anthropic('hello'))).json()).input_tokens > 0)
  assert.equal((await fetch(`${model.url}/elsewhere`)).status, 404)
  assert.equal((await post('/v1/messages', undefined)).status, 400)
})

test('the log tells who asked what, and no secret', async () => {
  await fetch(`${model.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': 'sk-secret', 'x-claude-code-session-id': 'session-1' },
    body: JSON.stringify(anthropic('call kiwi')),
  })
  const text = await (await fetch(`${model.url}/__log`)).text()
  const entry = JSON.parse(text).items.findLast((item) => item.path === '/v1/messages')
  assert.deepEqual(
    [entry.session, entry.rule, entry.user_text.head, entry.calls],
    ['session-1', 'call', 'call kiwi', ['mcp__orchestra__delegate']],
  )
  assert.ok(!text.includes('sk-secret'))
})

test('as a program it prints one ready line, takes a script, and ends on SIGTERM', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./server.mjs', import.meta.url)), '--port', '0'])
  const [line] = await once(child.stdout, 'data')
  const ready = JSON.parse(line)
  assert.deepEqual([ready.event, ready.pid], ['ready', child.pid])
  const send = (body) => fetch(`${ready.url}/__script`, { method: 'POST', body: JSON.stringify(body) })
  assert.equal((await send({ rules: [{ match: '(' }] })).status, 400)
  assert.equal((await send({ rules: [{ match: 'x', reply: 'new' }] })).status, 200)
  const asked = await fetch(`${ready.url}/v1/messages`, { method: 'POST', body: JSON.stringify(anthropic('x')) })
  assert.equal((await asked.json()).content[0].text, 'new')
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})
