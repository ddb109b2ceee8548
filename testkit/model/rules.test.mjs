// What a script means: which rule answers, what is filled in, which mistakes are refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answer, compileScript } from './rules.mjs'

const TOOLS = ['Bash', 'mcp__orchestra__delegate', 'mcp__orchestra__report_result'].map((label) => ({ name: label, label }))

/** A request as the readers of the APIs produce it. */
function turn(items, more = {}) {
  return { api: 'anthropic', model: 'm', system: '', stream: true, tools: TOOLS, items, schema: null, size: 100, ...more }
}

const user = (text) => ({ kind: 'user', text })
const result = (tool, text) => ({ kind: 'result', id: 'c1', tool, text })
const run = (rules, request) => answer(compileScript({ rules }), request)

test('the first rule that fits answers, with its captures', () => {
  const rules = [
    { match: '^never', reply: 'no' },
    { name: 'word', match: 'word (?<word>\\w+)', reply: 'got ${word}, all of ${text}' },
  ]
  const reply = run(rules, turn([user('word kiwi')]))
  assert.equal(reply.rule, 'word')
  assert.equal(reply.text, 'got kiwi, all of word kiwi')
})

test('the same request gets the same answer however often it is asked', () => {
  const rules = [{ match: 'x', reply: 'y' }]
  const request = turn([user('x')])
  assert.deepEqual(run(rules, request), run(rules, request))
})

test('a rule on a result does not answer a person, and the other way round', () => {
  const rules = [
    { name: 'first', match: 'go', reply: { calls: [{ tool: 'delegate$', args: { task: '${text}' } }] } },
    { name: 'then', match: 'go', tool: 'delegate$', result: 'done', reply: 'id ${result.task.id}' },
  ]
  const asked = run(rules, turn([user('go on')]))
  assert.equal(asked.rule, 'first')
  assert.deepEqual(asked.calls[0].args, { task: 'go on' })
  assert.equal(asked.calls[0].tool.name, 'mcp__orchestra__delegate')
  const answered = run(rules, turn([user('go on'), result('mcp__orchestra__delegate', '{"state":"done","task":{"id":7}}')]))
  assert.equal(answered.text, 'id 7')
})

test('a value that is one slot keeps its type, and results are found by tool', () => {
  const rules = [{ tool: 'Bash', result: '', reply: { calls: [{ tool: 'report_result$', args: { task_id: '${result[delegate].id}' } }] } }]
  const items = [user('x'), result('mcp__orchestra__delegate', '{"id":42}'), result('Bash', 'ok')]
  assert.deepEqual(run(rules, turn(items)).calls[0].args, { task_id: 42 })
})

test('a place in the result JSON can be asked for, and only that place counts', () => {
  const rules = [
    { name: 'ended', at: { status: '^(?<how>completed|failed)$' }, reply: '${how}' },
    { name: 'running', tool: '', result: '', reply: 'still running' },
  ]
  const ask = (status) => run(rules, turn([user('x'), result('wait', `{"status":"${status}","attempts":[{"status":"failed"}]}`)])).text
  assert.deepEqual([ask('running'), ask('completed')], ['still running', 'completed'])
})

test('JSON is found in content parts and after a line of prose', () => {
  const rules = [{ tool: '', result: '', reply: '${result.answer}' }]
  for (const text of ['[{"type":"text","text":"{\\"answer\\":\\"kiwi\\"}"}]', 'Wall time: 1 s\nOutput:\n{"answer":"kiwi"}']) {
    assert.equal(run(rules, turn([user('x'), result('t', text)])).text, 'kiwi')
  }
})

test('an earlier text of the person can be captured', () => {
  const rules = [{ match: 'again', earlier: 'word (?<word>\\w+)', reply: '${word}' }]
  assert.equal(run(rules, turn([user('word kiwi'), user('again')])).text, 'kiwi')
})

test('the shell call fits the shell tool that is offered', () => {
  const rules = [{ match: 'x', reply: { calls: [{ shell: 'echo ${text}' }] } }]
  assert.equal(run(rules, turn([user('x')])).calls[0].args.command, 'echo x')
  const codex = turn([user('x')], { tools: [{ name: 'exec_command', label: 'exec_command' }] })
  assert.deepEqual(run(rules, codex).calls[0].args, { cmd: 'echo x' })
})

test('a tool that is not offered becomes a visible problem', () => {
  const reply = run([{ name: 'r', match: 'x', reply: { calls: [{ tool: 'nothing' }] } }], turn([user('x')]))
  assert.match(reply.problem, /no offered tool matches nothing/)
  assert.match(reply.text, /SCRIPT PROBLEM in r/)
})

test('a helper request is not answered by the rules for people', () => {
  const rules = [{ match: '', reply: 'wrong' }]
  assert.equal(run(rules, turn([user('a title please')], { tools: [] })).text, 'Scripted title')
  const schema = { type: 'object', properties: { title: { type: 'string' }, score: { type: 'integer' } } }
  assert.equal(run(rules, turn([user('x')], { tools: [], schema })).text, '{"title":"Scripted","score":0}')
  assert.equal(run([{ helper: true, match: 'x', reply: 'mine' }], turn([user('x')], { tools: [] })).text, 'mine')
})

test('conditions on system, model, api and streaming all have to hold', () => {
  const rule = { match: 'x', system: 'droid', model: '^m$', api: 'anthropic', stream: true, reply: 'yes' }
  assert.equal(run([rule], turn([user('x')], { system: 'you are droid' })).text, 'yes')
  for (const more of [{}, { system: 'droid', model: 'n' }, { system: 'droid', api: 'chat' }, { system: 'droid', stream: false }]) {
    assert.equal(run([rule], turn([user('x')], more)).text, 'ok')
  }
})

test('a mistake in the script is refused and named', () => {
  assert.throws(() => compileScript({ rules: [{ name: 'r', match: '(' }] }), /r\.match/)
  assert.throws(() => compileScript({ rules: [{ name: 'r', mach: 'x' }] }), /r: unknown field mach/)
  assert.throws(() => compileScript({}), /a script is/)
})
