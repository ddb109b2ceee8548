// The kept scripts compile, so that a slip in one shows here and not in a test of an hour later.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { compileScript } from '../model/rules.mjs'

const folder = new URL('./', import.meta.url)

for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
  test(`${name} is a script`, () => {
    const script = compileScript(JSON.parse(readFileSync(new URL(name, folder), 'utf8')))
    assert.ok(script.rules.length > 0)
  })
}
