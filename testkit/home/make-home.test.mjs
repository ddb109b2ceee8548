// A made HOME has what the CLIs ask for on their first run, private, and nothing of the caller.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeHome } from './make-home.mjs'

test('the HOME is logged in, trusts the folder, and is private', () => {
  const dir = mkdtempSync(join(tmpdir(), 'home-test-'))
  try {
    process.env.CLAUDECODE_LEFTOVER = '1'
    const { home, env } = makeHome({ dir: join(dir, 'home'), model: 'http://127.0.0.1:9', trust: [dir] })
    const state = JSON.parse(readFileSync(join(home, '.claude.json'), 'utf8'))
    assert.equal(state.projects[dir].hasTrustDialogAccepted, true)
    assert.match(readFileSync(join(home, '.codex/config.toml'), 'utf8'), /base_url = "http:\/\/127\.0\.0\.1:9\/v1"/)
    assert.equal(statSync(home).mode & 0o777, 0o700)
    assert.equal(statSync(join(home, '.claude.json')).mode & 0o777, 0o600)
    assert.equal(env.HOME, home)
    assert.equal(env.CLAUDECODE_LEFTOVER, undefined)
  } finally {
    delete process.env.CLAUDECODE_LEFTOVER
    rmSync(dir, { recursive: true })
  }
})
