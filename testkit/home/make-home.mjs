// Makes a throw-away HOME in which the agent CLIs are already logged in and know the test's folders.
//
//   node testkit/home/make-home.mjs --dir DIR --model URL [--trust FOLDER]… [--path PATH]
//
// It stands for a user's own HOME: the daemon must leave every file in it as it is. Prints one line of
// JSON: {"home", "env"}, where env is the whole environment to start the daemon (or a CLI) with.

import { chmodSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const KEY = 'sk-test'

/** Writes the HOME; gives { home, env }. `trust` lists the folders whose trust question is answered. */
export function makeHome({ dir, model, trust = [], path = process.env.PATH }) {
  const home = resolve(dir)
  const folders = trust.map((folder) => realpathSync(folder))
  const put = (name, text) => {
    mkdirSync(dirname(join(home, name)), { recursive: true, mode: 0o700 })
    writeFileSync(join(home, name), text, { mode: 0o600 })
  }
  put('.claude.json', json(claudeState(folders)))
  put('.claude/settings.json', json({ skipDangerousModePermissionPrompt: true }))
  put('.codex/config.toml', codexConfig(model, folders))
  put('.gemini/settings.json', json(geminiSettings()))
  put('.config/opencode/opencode.json', json(opencodeConfig(model)))
  put('.gitconfig', '[user]\n\tname = Orchestra Test\n\temail = test@example.invalid\n[init]\n\tdefaultBranch = main\n')
  put('.bashrc', 'PS1="$ "\n')
  chmodSync(home, 0o700)
  return { home, env: environment(home, model, path) }
}

const json = (value) => `${JSON.stringify(value, null, 2)}\n`

function claudeState(folders) {
  return {
    hasCompletedOnboarding: true,
    theme: 'dark',
    customApiKeyResponses: { approved: [KEY.slice(-20)], rejected: [] },
    projects: Object.fromEntries(folders.map((folder) => [folder, { hasTrustDialogAccepted: true }])),
  }
}

function codexConfig(model, folders) {
  const lines = [
    'model = "scripted-1"',
    'model_provider = "scripted"',
    'check_for_update_on_startup = false',
    '',
    '[model_providers.scripted]',
    'name = "scripted"',
    `base_url = ${JSON.stringify(`${model}/v1`)}`,
    'wire_api = "responses"',
    'env_key = "OPENAI_API_KEY"',
    'request_max_retries = 1',
    'stream_max_retries = 1',
    '',
    '[analytics]',
    'enabled = false',
  ]
  for (const folder of folders) lines.push('', `[projects.${JSON.stringify(folder)}]`, 'trust_level = "trusted"')
  return `${lines.join('\n')}\n`
}

/** Logged in by key. Folder trust is off, as it is by default in older versions. */
const geminiSettings = () => ({
  security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
})

function opencodeConfig(model) {
  const options = { baseURL: `${model}/v1`, apiKey: '{env:OPENAI_API_KEY}' }
  const models = { 'scripted-1': { name: 'Scripted' } }
  const scripted = { npm: '@ai-sdk/openai-compatible', name: 'Scripted', options, models }
  // The program adds the first line by itself where it is missing.
  const $schema = 'https://opencode.ai/config.json'
  return { $schema, model: 'scripted/scripted-1', small_model: 'scripted/scripted-1', provider: { scripted } }
}

/** Everything a CLI needs and nothing inherited: other variables of the caller change what the CLIs do. */
function environment(home, model, path) {
  return {
    HOME: home,
    PATH: path,
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    SHELL: '/bin/bash',
    ANTHROPIC_BASE_URL: model,
    ANTHROPIC_API_KEY: KEY,
    OPENAI_API_KEY: KEY,
    OPENAI_API_BASE: `${model}/v1`,
    OPENAI_BASE_URL: `${model}/v1`,
    OPENAI_MODEL: 'scripted-1',
    GEMINI_API_KEY: KEY,
    GOOGLE_GEMINI_BASE_URL: model,
    // Root may skip Claude Code's permission questions only inside something it takes for a sandbox.
    IS_SANDBOX: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_MAX_RETRIES: '1',
  }
}

function main() {
  const options = {
    dir: { type: 'string' },
    model: { type: 'string' },
    trust: { type: 'string', multiple: true },
    path: { type: 'string' },
  }
  const { values } = parseArgs({ options })
  if (!values.dir || !values.model) {
    console.error('make-home: --dir and --model are needed')
    process.exit(2)
  }
  console.log(JSON.stringify(makeHome(values)))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
