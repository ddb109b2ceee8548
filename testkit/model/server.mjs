// The scripted model endpoint: a loopback server that plays the model for the real agent CLIs.
//
//   node testkit/model/server.mjs --script FILE [--port 0] [--dump FOLDER]
//
// Prints one line {"event":"ready","url":…,"pid":…} and runs until it is told to stop.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import * as anthropic from './anthropic.mjs'
import * as chat from './chat.mjs'
import { lastOf, lastUserText } from './conversation.mjs'
import * as gemini from './gemini.mjs'
import * as responses from './responses.mjs'
import { answer, compileScript } from './rules.mjs'
import { sendJson, sendReply } from './send.mjs'

const BODY_LIMIT = 64 * 1024 * 1024
const LOG_LIMIT = 2000

/** Path → API; the first that fits. */
const APIS = [
  [/\/v1\/messages$/, anthropic],
  [/\/responses$/, responses],
  [/\/chat\/completions$/, chat],
  [/\/models\/[^/]+:(streamGenerateContent|generateContent)$/, gemini],
]

/** Starts on loopback; gives { url, log, setScript, close }. */
export async function startModel({ script = { rules: [] }, port = 0, dump } = {}) {
  const state = { script: compileScript(script), log: [], seen: 0, dump }
  if (dump) mkdirSync(dump, { recursive: true })
  const server = createServer((request, response) => {
    serve(state, request, response).catch((error) => sendJson(response, 500, { error: { message: error.message } }))
  })
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    log: state.log,
    setScript: (source) => (state.script = compileScript(source)),
    close: () => new Promise((resolve) => server.close(resolve) && server.closeAllConnections()),
  }
}

async function serve(state, request, response) {
  const { pathname } = new URL(request.url, 'http://loopback')
  if (pathname.startsWith('/__')) return control(state, pathname, request, response)
  const entry = logEntry(state, request, pathname)
  response.once('close', () => (entry.ms = Date.now() - entry.at))
  const text = await readBody(request)
  if (state.dump && text) writeFileSync(join(state.dump, `${String(entry.number).padStart(4, '0')}.json`), text)
  const api = request.method === 'POST' && APIS.find(([path]) => path.test(pathname))?.[1]
  if (api) return reply(state, entry, api, { text, pathname }, response)
  entry.rule = 'other'
  entry.status = otherStatus(request.method, pathname)
  sendJson(response, entry.status, otherBody(pathname, text))
}

async function reply(state, entry, api, { text, pathname }, response) {
  const body = parseJson(text)
  if (!body) return sendJson(response, (entry.status = 400), api.error(400))
  const turn = { ...api.read(body, pathname), size: text.length }
  const chosen = answer(state.script, turn)
  const last = lastOf(turn)
  Object.assign(entry, {
    api: turn.api,
    model: turn.model,
    stream: turn.stream,
    helper: chosen.helper,
    rule: chosen.rule,
    status: chosen.status ?? 200,
    last: last.kind === 'result' ? `result of ${last.tool}` : last.kind,
    user_text: digest(lastUserText(turn)),
    calls: chosen.calls.map((call) => call.tool.label),
    ...(chosen.problem ? { problem: chosen.problem } : {}),
  })
  await sendReply(response, api, turn, chosen)
}

/** What a test may ask of the endpoint itself. */
async function control(state, pathname, request, response) {
  if (pathname === '/__log' && request.method === 'GET') return sendJson(response, 200, { items: state.log })
  if (pathname !== '/__script' || request.method !== 'POST') return sendJson(response, 404, { error: 'unknown path' })
  try {
    state.script = compileScript(JSON.parse(await readBody(request)))
    sendJson(response, 200, { rules: state.script.rules.length })
  } catch (error) {
    sendJson(response, 400, { error: error.message })
  }
}

/** One line of the log; of the headers only the session's id, never a credential. */
function logEntry(state, request, path) {
  const session = request.headers['x-claude-code-session-id'] ?? request.headers['session_id'] ?? request.headers['session-id'] ?? null
  const entry = { number: ++state.seen, at: Date.now(), method: request.method, path, session, ms: null }
  state.log.push(entry)
  if (state.log.length > LOG_LIMIT) state.log.shift()
  return entry
}

/** Enough of a text to recognise it, however long it is. */
function digest(text) {
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { head: text.slice(0, 500), length: text.length, sha256 }
}

const otherStatus = (method, path) => (method === 'HEAD' || /count_tokens$|countTokens$|\/models$/.test(path) ? 200 : 404)

function otherBody(path, text) {
  if (/count_tokens$/.test(path)) return { input_tokens: Math.ceil(text.length / 4) }
  if (/countTokens$/.test(path)) return { totalTokens: Math.ceil(text.length / 4) }
  if (/\/models$/.test(path)) return { object: 'list', data: [], models: [] }
  return { error: { message: 'the scripted endpoint has no such path' } }
}

async function readBody(request) {
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > BODY_LIMIT) throw new Error('request body over 64 MiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

async function main() {
  const options = { script: { type: 'string' }, port: { type: 'string', default: '0' }, dump: { type: 'string' } }
  const { values } = parseArgs({ options })
  const script = values.script ? JSON.parse(readFileSync(values.script, 'utf8')) : { rules: [] }
  const model = await startModel({ script, port: Number(values.port), dump: values.dump })
  console.log(JSON.stringify({ event: 'ready', url: model.url, pid: process.pid }))
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => model.close().then(() => process.exit(0)))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main().catch((error) => {
    console.error(`model endpoint: ${error.message}`)
    process.exit(1)
  })
}
