// Made from daemon/crates/protocol by `make types`; do not edit.
// Times are RFC 3339 text unless a comment says milliseconds.

/**
 * Milliseconds since the Unix epoch, UTC; RFC 3339 text in JSON.
 */
export type Timestamp = string;

/**
 * What went wrong and how to mend it; `application/problem+json`.
 */
export type Problem = { 
/**
 * Stable URN, `urn:orchestra:<code>`.
 */
type: string, 
/**
 * The same for every occurrence of this type.
 */
title: string, 
/**
 * HTTP status; on the socket, the status the same fault has over REST.
 */
status: number, 
/**
 * This occurrence, in a sentence, with the next step.
 */
detail: string, 
/**
 * The id of the request, to find it in the log and the audit.
 */
instance?: string | null, 
/**
 * What a worktree would lose or collide with.
 */
worktree?: WorktreeRefusal, };

/**
 * Where an agent is in its life; the last five are final.
 */
export type AgentStatus = "starting" | "running" | "completed" | "failed" | "timeout" | "killed" | "lost";

/**
 * What a running agent does right now.
 */
export type ActivityState = "idle" | "busy" | "waiting" | "unknown";

/**
 * What a waiting agent waits for.
 */
export type WaitingFor = "permission" | "question" | "quota" | "budget";

/**
 * Activity with the evidence it rests on.
 */
export type Activity = { state: ActivityState, waiting_for: WaitingFor | null, since: Timestamp, 
/**
 * Which signal said so: `hook`, `status_file`, `transcript`, `title`, `screen`, `process`,
 * `budget`.
 */
source: string, 
/**
 * 0 (a guess) to 1 (the CLI said so itself).
 */
confidence: number, 
/**
 * Of a wait that ends by itself, as for quota: when.
 */
until?: Timestamp, };

/**
 * Tokens and money spent, as far as the CLI tells.
 */
export type Usage = { 
/**
 * Read by the model, from caches too; null where the CLI keeps no record.
 */
input_tokens: number | null, output_tokens: number | null, 
/**
 * US dollars; null when the CLI keeps no record or a price is not known.
 */
cost_usd: number | null, };

/**
 * Columns and rows of a terminal.
 */
export type Size = { cols: number, rows: number, };

/**
 * What an agent is to the person who owns it.
 */
export type AgentRole = "primary" | "specialist";

/**
 * One running or ended instance of an agent CLI.
 */
export type Agent = { 
/**
 * `primary` or `droid-001`; never used again.
 */
id: string, 
/**
 * Its tmux session, `sess-<id>`.
 */
session_id: string, 
/**
 * Which CLI: `claude`, `codex`, `shell` …
 */
kind: string, 
/**
 * The `[[specialists]]` entry it was made from.
 */
specialist: string | null, name: string, title: string, role: AgentRole, 
/**
 * Id of the user it belongs to.
 */
owner: string, owner_name: string, 
/**
 * The agent that asked for it.
 */
parent: string | null, cwd: string, 
/**
 * The worktree it works in.
 */
worktree_id?: string, status: AgentStatus, 
/**
 * Why it is in this status, in words.
 */
reason: string | null, pid: number | null, restarts: number, 
/**
 * It has crashed and starts again by itself then.
 */
restart_at?: Timestamp, size: Size, activity: Activity, 
/**
 * The task it works on.
 */
task_id: number | null, created_at: Timestamp, started_at: Timestamp | null, ended_at: Timestamp | null, exit_code: number | null, signal: number | null, usage: Usage, 
/**
 * What it may spend and has spent, where it has a budget.
 */
budget?: BudgetReport, };

/**
 * Limits a caller may put on an agent it starts.
 */
export type Limits = { 
/**
 * Ends the agent as `timeout` after this many milliseconds.
 */
timeout_ms?: number, };

/**
 * What becomes of an agent whose process failed or whose terminal was lost.
 */
export type RestartPolicy = "never" | "crash";

/**
 * `POST /api/agents`: exactly one of `kind` and `specialist`.
 */
export type SpawnRequest = { kind?: string, specialist?: string, 
/**
 * At most 64 characters, no control characters.
 */
name?: string, 
/**
 * At most 200 characters, no control characters.
 */
title?: string, 
/**
 * Absolute; beneath `projects.roots`. Default: the folder `orchestra up` ran in.
 */
cwd?: string, 
/**
 * First message, at most 256 KiB; delivered with a receipt.
 */
prompt?: string, 
/**
 * Default 120×40; clamped to 20..400 × 5..200.
 */
size?: Size, limits?: Limits, 
/**
 * Holds the agent when one of them is spent; what is left out is as the configuration
 * says.
 */
budget?: Budget, 
/**
 * Work in a worktree of the repository that `cwd` lies in.
 */
worktree?: WorktreeAsk, 
/**
 * The branch that a new worktree begins at and is merged into; default: the one that
 * is checked out in `cwd`.
 */
base?: string, 
/**
 * What it does after a crash; default: `recovery.restart` of the configuration.
 */
restart?: RestartPolicy, };

/**
 * `POST /api/agents/{id}/kill`.
 */
export type KillRequest = { 
/**
 * Shown as the agent's reason.
 */
reason?: string, };

/**
 * `POST /api/agents/{id}/attach`, over the Unix socket only: seats a person who wants
 * the real tmux session in a terminal on this machine.
 */
export type AttachRequest = { 
/**
 * Size of the person's terminal.
 */
size?: Size, };

/**
 * Where to attach; `DELETE` on the same path gives the seat back.
 */
export type AttachAnswer = { 
/**
 * Socket of the tmux server that holds the agent.
 */
tmux_socket: string, 
/**
 * Name of the tmux session, `sess-<agent id>`.
 */
session: string, };

/**
 * One signal that took part in deciding an agent's activity.
 */
export type Signal = { source: string, state: ActivityState, waiting_for: WaitingFor | null, 
/**
 * When it said so last.
 */
at: Timestamp, 
/**
 * Since when it says so.
 */
since: Timestamp, 
/**
 * How old its last word is.
 */
age_ms: number, confidence: number, 
/**
 * True for the one that won.
 */
won: boolean, 
/**
 * False for one that is only shown: better ones speak.
 */
counted: boolean, detail: string, };

/**
 * `GET /api/agents/{id}/explain`.
 */
export type Explanation = { agent_id: string, activity: Activity, signals: Array<Signal>, 
/**
 * Sources that say nothing now.
 */
silent: Array<string>, };

/**
 * One CLI that this daemon knows how to run.
 */
export type AgentKind = { kind: string, title: string, installed: boolean, 
/**
 * Where the program was found.
 */
path: string | null, version: string | null, 
/**
 * True when an agent of this kind can start now.
 */
ready: boolean, 
/**
 * What is missing and the command that mends it.
 */
remedy: string | null, 
/**
 * False where it is built from the CLI's documentation, or declared in the config,
 * and was tried on a stand-in only.
 */
proven: boolean, 
/**
 * Versions that this adapter was tested with.
 */
tested: Array<string>, 
/**
 * Specialists of the config that run on it.
 */
specialists: Array<string>, };

/**
 * How far a message got. Each step rests on evidence, never on hope.
 */
export type MessageStatus = "queued" | "pasted" | "submitted" | "accepted" | "answered" | "failed";

/**
 * Who spoke.
 */
export type Author = "user" | "assistant" | "agent" | "system";

/**
 * Something the reader of a message is asked to decide.
 */
export type Action = { "type": "approve_plan", task_ids: number[], };

/**
 * Text sent to an agent, or the agent's answer.
 */
export type Message = { id: string, agent_id: string, author: Author, 
/**
 * Name of the person or id of the agent that sent it.
 */
sender: string, text: string, status: MessageStatus, 
/**
 * Why it waits or failed.
 */
reason: string | null, 
/**
 * What `accepted` rests on: `hook`, `transcript`, `marker`.
 */
evidence: string | null, 
/**
 * For an answer: the message that it answers.
 */
reply_to: string | null, actions: Array<Action>, created_at: Timestamp, updated_at: Timestamp, };

/**
 * `POST /api/agents/{id}/messages`.
 */
export type MessageRequest = { 
/**
 * At most 256 KiB.
 */
text: string, 
/**
 * UUID; the same one within 24 h is the same message.
 */
client_id?: string, 
/**
 * Lets a leading `/` or `!` act as a command; needs `terminal:type`.
 */
as_command?: boolean, };

/**
 * Most that may be spent; what is left out has no limit.
 */
export type Budget = { 
/**
 * US dollars, by the prices that are known.
 */
usd?: number, 
/**
 * Tokens of all kinds together: read anew, written, put into a cache, read from it.
 */
tokens?: number, 
/**
 * Seconds: of an agent those in which it works, of a task those since it began.
 */
wall_s?: number, 
/**
 * Answers of the model; where a CLI keeps no record of them, its turns that are over.
 */
turns?: number, };

/**
 * `PATCH /api/agents/{id}/budget` and `/api/tasks/{id}/budget`: a value sets a limit, null
 * takes it away, what is left out stays.
 */
export type BudgetChange = { usd?: number | null, tokens?: number | null, wall_s?: number | null, turns?: number | null, };

/**
 * One of the four things that are counted.
 */
export type Measure = "usd" | "tokens" | "wall_s" | "turns";

/**
 * What was spent so far; null where nobody knows, which is not nothing.
 */
export type Spent = { 
/**
 * US dollars; null when the CLI keeps no record, or the price of one of its models is
 * not known.
 */
usd: number | null, 
/**
 * While `usd` is null, the part of it that is known: at least so much was spent.
 */
least_usd?: number, 
/**
 * Null when the CLI keeps no record, or that of a sub-task does not.
 */
tokens: number | null, 
/**
 * While `tokens` is null, the part of them that is known.
 */
least_tokens?: number, wall_s: number, turns: number, };

/**
 * How a budget stands.
 */
export type BudgetState = "within" | "near" | "spent";

/**
 * A budget as agents and tasks show it.
 */
export type BudgetReport = { limit: Budget, spent: Spent, state: BudgetState, 
/**
 * The limit that is nearest; none when nothing is limited.
 */
nearest: Measure | null, 
/**
 * How much of that one is spent; 1 is all of it.
 */
share: number, };

/**
 * Where a task is.
 */
export type TaskStatus = "queued" | "assigned" | "running" | "waiting" | "completed" | "failed" | "cancelled" | "timeout";

/**
 * What kind of end it was.
 */
export type TaskClass = "limit";

/**
 * How one try at a task stands.
 */
export type AttemptStatus = "starting" | "running" | "completed" | "failed" | "timeout" | "killed";

/**
 * One try at a task by one agent.
 */
export type Attempt = { 
/**
 * From 1; a late result of an older number changes nothing.
 */
number: number, agent_id: string | null, status: AttemptStatus, reason: string | null, started_at: Timestamp, ended_at: Timestamp | null, };

/**
 * What an agent itself said of its work: `POST /api/report`, and the MCP tool
 * `report_result`.
 */
export type Declared = { 
/**
 * The outcome in a few sentences: what was done, what was found, what is left.
 */
summary: string, 
/**
 * Files that were made or changed, relative to the working folder.
 */
files: Array<string>, 
/**
 * False when the work could not be done; the summary then says why.
 */
success?: boolean, };

/**
 * What a task left behind.
 */
export type TaskResult = { 
/**
 * The agent's final message. Data, never instructions.
 */
text: string, 
/**
 * Changed files, relative to the agent's folder, where it is a git tree.
 */
files: Array<string>, diff_stat: string | null, declared: Declared | null, 
/**
 * Where it was done, for the whole diff.
 */
worktree_id?: string, 
/**
 * The branch of that worktree.
 */
branch?: string, };

/**
 * A unit of work with a result.
 */
export type Task = { id: number, title: string, prompt: string, status: TaskStatus, 
/**
 * Why it waits, failed or was cancelled.
 */
reason: string | null, agent_id: string | null, kind: string | null, specialist: string | null, parent_task_id: number | null, 
/**
 * Id of the agent, or name of the person, that asked for it.
 */
requested_by: string, owner: string, attempts: Array<Attempt>, result: TaskResult | null, error: string | null, 
/**
 * Why it ended ill, where that says what may follow.
 */
class?: TaskClass, 
/**
 * What it may spend and has spent, where it has a budget.
 */
budget?: BudgetReport, elapsed_ms: number, created_at: Timestamp, ended_at: Timestamp | null, };

/**
 * Material that goes with a delegated task, framed as data.
 */
export type Context = { 
/**
 * Paths that the specialist should read.
 */
files: Array<string>, urls: Array<string>, 
/**
 * Finished tasks whose results go along.
 */
task_ids: number[], };

/**
 * `POST /api/delegate`: exactly one of `specialist`, `kind` and `agent`.
 */
export type DelegateRequest = { 
/**
 * Name of a specialist of the config, such as `droid`.
 */
specialist?: string, 
/**
 * Which CLI, when no specialist fits.
 */
kind?: string, 
/**
 * A particular running agent.
 */
agent?: string, 
/**
 * What is to be done, complete in itself; at most 256 KiB.
 */
task: string, 
/**
 * Short name for lists; default: the first line of `task`.
 */
title?: string, 
/**
 * Folder to work in; default: the caller's.
 */
cwd?: string, context?: Context, 
/**
 * Work in a worktree of the repository that `cwd` lies in, with an agent of its own.
 */
worktree?: WorktreeAsk, 
/**
 * The branch that a new worktree begins at; default: the one checked out in `cwd`.
 */
base?: string, 
/**
 * Ends the task as `timeout`; default 60 minutes.
 */
timeout_ms?: number, 
/**
 * Waits this long for the result before answering; at most 10 minutes.
 */
wait_ms?: number, 
/**
 * Ends the task with the class `limit` when one of them is spent.
 */
budget?: Budget, 
/**
 * Keeps the conversation of a reused agent.
 */
continue?: boolean, };

/**
 * `POST /api/plans`, and the MCP tool `propose_plan`.
 */
export type PlanRequest = { 
/**
 * One to twenty delegations that begin once a person agrees.
 */
tasks: Array<DelegateRequest>, };

/**
 * A person's answer.
 */
export type Decision = "approve" | "reject";

/**
 * `POST /api/plans/decide`, and the socket's `approve_plan` action.
 */
export type PlanDecision = { task_ids: number[], decision: Decision, };

/**
 * How an approval stands.
 */
export type ApprovalState = "pending" | "allowed" | "denied" | "expired" | "withdrawn";

/**
 * What a person is asked for.
 */
export type ApprovalForm = "permission" | "question";

/**
 * How far a yes reaches.
 */
export type ApprovalScope = "once" | "session" | "rule";

/**
 * An agent's question to a person, and what became of it.
 */
export type Approval = { id: string, agent_id: string, session_id: string, 
/**
 * The agent's name for people.
 */
agent_title: string, agent_kind: string, owner: string, 
/**
 * Type of the sub-agent inside the CLI that asks, when it is not the agent itself.
 */
subagent: string | null, task_id: number | null, form: ApprovalForm, 
/**
 * The tool, as the CLI calls it: `Bash`, `Edit` …
 */
tool: string, 
/**
 * What the tool is to be used with, as the CLI gave it; long texts are cut.
 */
input: Record<string, unknown>, 
/**
 * Bytes of `input` that are not shown; 0 when it is whole.
 */
cut_bytes: number, 
/**
 * One line for lists.
 */
summary: string, 
/**
 * The folder it would happen in.
 */
cwd: string, 
/**
 * What a yes for this session would give, in words; empty: not offered.
 */
session_grant: Array<string>, 
/**
 * Rules that a yes could become, the narrowest first; empty: not offered.
 */
suggested_rules: Array<string>, state: ApprovalState, 
/**
 * Why it expired or was withdrawn.
 */
reason: string | null, 
/**
 * Set with a yes.
 */
scope: ApprovalScope | null, 
/**
 * The rule that answered, or that the answer made.
 */
rule: string | null, 
/**
 * What was said to the agent with a no.
 */
message: string | null, 
/**
 * Name of the person who answered; null when a rule or nobody did.
 */
answered_by: string | null, created_at: Timestamp, expires_at: Timestamp, ended_at: Timestamp | null, 
/**
 * When the CLI took the answer; null with an answer means: not yet.
 */
delivered_at: Timestamp | null, };

/**
 * A person's word on an approval.
 */
export type ApprovalDecision = "allow" | "deny";

/**
 * `POST /api/approvals/{id}/answer`.
 */
export type ApprovalAnswer = { decision: ApprovalDecision, 
/**
 * With a yes; default: once.
 */
scope?: ApprovalScope, 
/**
 * With the scope `rule`: the rule, such as `Bash(npm test *)`.
 */
rule?: string, 
/**
 * With a no: what the agent is told.
 */
message?: string, 
/**
 * With a yes to questions: the chosen words by question.
 */
answers?: { [key in string]: string }, };

/**
 * `POST /api/approvals/{id}/deny`: a no that acts before it is recorded.
 */
export type DenyRequest = { 
/**
 * What the agent is told.
 */
message?: string, };

/**
 * A rule that a person made from an answer: such questions are answered with yes.
 */
export type ApprovalRule = { id: string, owner: string, 
/**
 * The folder it holds in, with all beneath.
 */
cwd: string, rule: string, 
/**
 * Name of the person who made it.
 */
made_by: string, approval_id: string, created_at: Timestamp, };

/**
 * Where the cursor stands, from 0.
 */
export type Cursor = { x: number, y: number, visible: boolean, };

/**
 * `GET /api/agents/{id}/screen`.
 */
export type Screen = { 
/**
 * Rows joined by `\n`; with colours when `format=ansi`.
 */
text: string, cols: number, rows: number, cursor: Cursor, 
/**
 * True while a full-screen program has the alternate screen.
 */
alternate: boolean, captured_at: Timestamp, };

/**
 * `GET /api/agents/{id}/history`: rows above the screen, one for each line of the terminal.
 */
export type HistoryPage = { 
/**
 * Names these numbers; under another epoch they mean other rows.
 */
epoch: string, 
/**
 * Number of the first row given. A row keeps its number as long as it is kept.
 */
start: number, 
/**
 * Rows with colours, oldest first; a page begins without colours.
 */
rows: Array<string>, 
/**
 * Number of the oldest row kept.
 */
first: number, 
/**
 * Number of the row on top of the screen.
 */
next: number, 
/**
 * How many rows the history holds in all.
 */
total: number, 
/**
 * The numbers asked by are of another epoch: these are the newest rows.
 */
resync: boolean, };

/**
 * One line that matched.
 */
export type Found = { 
/**
 * Number of the row in which the match begins.
 */
row: number, 
/**
 * The line around the match, wrapped rows put together.
 */
text: string, 
/**
 * Where in `text` the match begins, in characters, and where it ends.
 */
start: number, end: number, };

/**
 * `GET /api/agents/{id}/history/search`: matches, newest first.
 */
export type FoundPage = { epoch: string, items: Array<Found>, 
/**
 * Go on before this row; null when all was searched.
 */
before: number | null, 
/**
 * The numbers began anew, and so did the search.
 */
resync: boolean, };

/**
 * `POST /api/agents/{id}/input`: exactly one field.
 */
export type InputRequest = { 
/**
 * Bytes as typed, `"ls\r"`; at most 64 KiB.
 */
text?: string, 
/**
 * Named keys: `C-c`, `Enter`, `Escape`, `Tab`, `Up` …
 */
keys?: Array<string>, 
/**
 * Pasted as one block, bracketed where the program asks for it; at most 256 KiB.
 */
paste?: string, };

/**
 * `POST /api/agents/{id}/files`: where the bytes lie now.
 */
export type DroppedFile = { 
/**
 * The name it got: letters, digits, `.`, `_` and `-` only, and nobody's before.
 */
name: string, 
/**
 * Relative to the agent's folder; a word in every shell.
 */
path: string, bytes: number, };

/**
 * Tokens of one turn or of many.
 */
export type TokenUsage = { 
/**
 * Read anew; what came from a cache is not in here.
 */
input_tokens: number, output_tokens: number, cache_write_tokens: number, cache_read_tokens: number, };

/**
 * One place where a search text was found.
 */
export type Hit = { 
/**
 * Of the entry.
 */
offset: number, snippet: string, };

/**
 * One session file.
 */
export type Transcript = { 
/**
 * Made from where the file lies; stays the same as long as it lies there.
 */
id: string, 
/**
 * Which CLI wrote it.
 */
kind: string, 
/**
 * The CLI's own id of the conversation.
 */
session: string, 
/**
 * Of a sub-agent: the session it worked for.
 */
parent: string | null, 
/**
 * Of a sub-agent: the tool call that started it, where its CLI says so.
 */
call_id: string | null, title: string, cwd: string | null, 
/**
 * Last part of `cwd`.
 */
project: string | null, branch: string | null, model: string | null, 
/**
 * Version of the CLI.
 */
version: string | null, first_message: string | null, last_message: string | null, 
/**
 * Null until reading has begun; counts what `read_bytes` covers.
 */
messages: number | null, tool_calls: number | null, errors: number | null, usage: TokenUsage | null, 
/**
 * US dollars at list prices; null where a model's price is not known.
 */
cost_usd: number | null, started_at: Timestamp | null, updated_at: Timestamp, duration_ms: number | null, bytes: number, 
/**
 * How far the file has been read for counts, tokens and search.
 */
read_bytes: number, 
/**
 * A process writes to it now.
 */
live: boolean, pid: number | null, 
/**
 * What its CLI says that it does: `idle`, `busy`, `waiting`.
 */
status: string | null, 
/**
 * The agent of ours that has it, running or ended.
 */
agent_id: string | null, resumable: boolean, 
/**
 * Why it cannot be resumed.
 */
not_resumable: string | null, 
/**
 * What could not be read, in words.
 */
problem: string | null, 
/**
 * Where the search text was found; empty without a search.
 */
hits: Array<Hit>, };

/**
 * How far the finding and reading has come.
 */
export type Progress = { 
/**
 * True once every folder was looked through since the daemon began.
 */
listed: boolean, 
/**
 * True while nothing waits to be read.
 */
read: boolean, 
/**
 * True while no tokens wait to be summed, which comes before the rest is read.
 */
summed: boolean, sessions: number, bytes: number, read_bytes: number, summed_bytes: number, 
/**
 * What could not be looked at, in words.
 */
problems: Array<string>, };

/**
 * `GET /api/transcripts`.
 */
export type TranscriptPage = { items: Array<Transcript>, 
/**
 * Give it back as `cursor` to read on; null at the end.
 */
next_cursor: string | null, 
/**
 * There may be more than these: read on with the cursor, or, of a search, ask for longer
 * words, because older sessions were not all looked through.
 */
more: boolean, progress: Progress, };

/**
 * Who an entry is from.
 */
export type EntryRole = "user" | "assistant" | "system";

/**
 * One piece of an entry.
 */
export type Part = { "type": "text", text: string, } | { "type": "thinking", text: string, } | { "type": "tool_call", call_id: string, name: string, input: string, } | { "type": "tool_result", call_id: string, text: string, is_error: boolean, } | { "type": "error", text: string, } | { "type": "note", text: string, };

/**
 * One record of a session file.
 */
export type Entry = { 
/**
 * Where it begins in the file; its name in links.
 */
offset: number, at: Timestamp | null, role: EntryRole, parts: Array<Part>, model: string | null, 
/**
 * Of the model's answer; on the first entry of that answer only.
 */
usage: TokenUsage | null, cost_usd: number | null, };

/**
 * `GET /api/transcripts/{id}/hits`: where words stand in one session, in order.
 */
export type TranscriptHits = { items: Array<Hit>, 
/**
 * In the whole session, 10 000 at most.
 */
total: number, 
/**
 * Give it back as `from` to read on; null at the end.
 */
next: number | null, bytes: number, 
/**
 * How far the session has been read for search.
 */
read_bytes: number, };

/**
 * `GET /api/transcripts/{id}`.
 */
export type TranscriptView = { transcript: Transcript, 
/**
 * Its sub-agents.
 */
children: Array<Transcript>, entries: Array<Entry>, 
/**
 * Give it back as `from` to read on, also later, when more was written.
 */
next_offset: number, 
/**
 * True when there was no more when this was read.
 */
at_end: boolean, 
/**
 * Records in this part that could not be read.
 */
unreadable: number, };

/**
 * Tokens of one model.
 */
export type ModelUsage = { kind: string, model: string, usage: TokenUsage, cost_usd: number | null, };

/**
 * `GET /api/transcripts/usage`: a turn that several files hold counts once.
 */
export type UsageTotals = { usage: TokenUsage, 
/**
 * Of those models whose price is known.
 */
cost_usd: number, models: Array<ModelUsage>, progress: Progress, };

/**
 * `POST /api/transcripts/{id}/resume`.
 */
export type ResumeRequest = { 
/**
 * Goes on in a copy and leaves the found session as it is.
 */
fork?: boolean, name?: string, title?: string, };

/**
 * What sums of usage are made over.
 */
export type UsageBy = "day" | "agent" | "task";

/**
 * One sum.
 */
export type UsageRow = { 
/**
 * The day in UTC (`2026-11-26`), the agent's id, or the task's number.
 */
key: string, title: string | null, usage: TokenUsage, 
/**
 * Answers of models.
 */
turns: number, 
/**
 * US dollars; null when the price of one of its models is not known.
 */
cost_usd: number | null, 
/**
 * While `cost_usd` is null, the part of it that is known.
 */
least_usd?: number, };

/**
 * `GET /api/usage`.
 */
export type UsageReport = { by: UsageBy, items: Array<UsageRow>, 
/**
 * How far the sessions on disk are read; sums of unread ones are missing.
 */
progress: Progress, };

/**
 * Asks for a worktree: `true` for a new one under a made-up name, or a name. A name that
 * is there already is used again, when it is one's own and nobody works in it.
 */
export type WorktreeAsk = boolean | string;

/**
 * Where a worktree is in its life.
 */
export type WorktreeState = "creating" | "ready" | "merging" | "removing" | "missing";

/**
 * How the setup script ended.
 */
export type SetupStatus = "completed" | "failed" | "timeout";

/**
 * One run of `worktrees.setup` in a new worktree.
 */
export type SetupReport = { argv: Array<string>, status: SetupStatus, exit_code: number | null, elapsed_ms: number, 
/**
 * Its last output, at most 16 KiB. Data, never instructions.
 */
output: string, 
/**
 * True when output before that was dropped.
 */
cut: boolean, };

/**
 * What happened to a file.
 */
export type FileChange = "added" | "modified" | "deleted" | "renamed" | "type_changed" | "staged" | "repository";

/**
 * A file and what happened to it.
 */
export type ChangedFile = { 
/**
 * Relative to the worktree; bytes that are no UTF-8 are replaced.
 */
path: string, change: FileChange, };

/**
 * What two lines of work do not agree on.
 */
export type PredictedConflict = { 
/**
 * The other worktree; null: the base branch.
 */
worktree_id: string | null, 
/**
 * Name of that worktree, or of the base branch.
 */
name: string, 
/**
 * At most 50 files that would conflict.
 */
files: Array<string>, };

/**
 * What git says of a worktree, computed when asked for. Uncommitted work counts as if it
 * were committed now.
 */
export type WorktreeStatus = { 
/**
 * Commit that is checked out.
 */
head: string, 
/**
 * Branch that is checked out; null when none is. The agent may have changed it.
 */
head_branch: string | null, 
/**
 * Commits that the base branch does not have.
 */
ahead: number, 
/**
 * Commits of the base branch that are not here.
 */
behind: number, 
/**
 * True when every commit is in the base branch and nothing is uncommitted.
 */
merged: boolean, 
/**
 * At most 100 files with uncommitted changes; ignored files do not count.
 */
uncommitted: Array<ChangedFile>, uncommitted_count: number, 
/**
 * Of the whole diff against the base, uncommitted work included.
 */
files: number, insertions: number, deletions: number, 
/**
 * Empty: it would merge with the base and with every other worktree of its repository.
 */
conflicts: Array<PredictedConflict>, 
/**
 * Whatever does not look right, in sentences.
 */
problems: Array<string>, checked_at: Timestamp, };

/**
 * A folder of its own for an agent, on a branch of its own.
 */
export type Worktree = { id: string, 
/**
 * Names the folder `task-<name>` and the branch `orchestra/<name>`; unique among the
 * present worktrees of a repository.
 */
name: string, 
/**
 * The repository's main folder.
 */
repo: string, path: string, branch: string, 
/**
 * The branch it began at and is merged into.
 */
base: string, 
/**
 * The commit it began at.
 */
base_commit: string, owner: string, owner_name: string, 
/**
 * The agent that works or worked in it last.
 */
agent_id: string | null, state: WorktreeState, 
/**
 * Why it is in this state, where there is something to say.
 */
reason: string | null, 
/**
 * First of the leased ports, `ORCHESTRA_PORT` for the agent and the setup script.
 */
port: number, 
/**
 * How many, counted up from `port`.
 */
ports: number, setup: SetupReport | null, created_at: Timestamp, 
/**
 * Null in the feed, while it is not ready, and when it could not be found out.
 */
status: WorktreeStatus | null, };

/**
 * Which changes a diff shows.
 */
export type DiffScope = "all" | "committed" | "uncommitted";

/**
 * A run of changed lines with its surroundings.
 */
export type Hunk = { old_start: number, old_lines: number, new_start: number, new_lines: number, 
/**
 * What git prints behind the second `@@`: the function around it.
 */
heading: string, 
/**
 * Each begins with a blank, `+`, `-`, or `\` for a missing newline at the end.
 */
lines: Array<string>, };

/**
 * One file of a diff.
 */
export type DiffFile = { path: string, 
/**
 * Its name before, when it was renamed.
 */
old_path: string | null, change: FileChange, 
/**
 * Null for binary files.
 */
insertions: number | null, deletions: number | null, binary: boolean, 
/**
 * True for what tools run by themselves: CI and editor settings, hooks, rules of agents.
 */
executes: boolean, hunks: Array<Hunk>, 
/**
 * True when more of it exists than `hunks` holds; ask for the file alone with `path`.
 */
truncated: boolean, };

/**
 * A file that was left alone, and why.
 */
export type LeftOut = { path: string, reason: string, };

/**
 * `GET /api/worktrees/{id}/diff?scope=&path=&cursor=&limit=`: one page of files.
 */
export type WorktreeDiff = { worktree_id: string, scope: DiffScope, 
/**
 * The commit it is against.
 */
from: string, 
/**
 * Tree or commit whose content it shows; the same as long as nothing changed.
 */
to: string, 
/**
 * Of all files, not of this page.
 */
files: number, insertions: number, deletions: number, items: Array<DiffFile>, next_cursor: string | null, 
/**
 * Files that are too large to be looked at.
 */
left_out: Array<LeftOut>, };

/**
 * `POST /api/worktrees/{id}/commit`: everything that is not ignored.
 */
export type CommitRequest = { 
/**
 * At most 64 KiB.
 */
message: string, };

/**
 * What was committed.
 */
export type CommitAnswer = { 
/**
 * Null when there was nothing to commit.
 */
commit: string | null, files: number, left_out: Array<LeftOut>, worktree: Worktree, };

/**
 * `POST /api/worktrees/{id}/merge`.
 */
export type MergeRequest = { 
/**
 * Of the merge commit, where one is needed; at most 64 KiB.
 */
message?: string, 
/**
 * From the refusal that said what the merge would bring along.
 */
confirm?: string, };

/**
 * What a merge did.
 */
export type MergeAnswer = { 
/**
 * The base branch is here now.
 */
commit: string, 
/**
 * True when no merge commit was needed.
 */
fast_forward: boolean, worktree: Worktree, };

/**
 * `DELETE /api/worktrees/{id}?confirm=&keep_branch=`.
 */
export type RemoveAnswer = { id: string, name: string, 
/**
 * The branch that stayed, with its commits.
 */
kept_branch: string | null, };

/**
 * A commit that only this worktree has.
 */
export type LostCommit = { id: string, subject: string, };

/**
 * Why a worktree was not committed, merged or removed: the `worktree` of a problem with
 * status 409. Which lists are filled depends on the problem's type.
 */
export type WorktreeRefusal = { 
/**
 * Give it back as `confirm` to go on all the same. It stands for exactly these lists:
 * when anything of them changes, it is void. Null: it cannot be confirmed.
 */
confirm: string | null, 
/**
 * Uncommitted files that would be lost.
 */
uncommitted: Array<ChangedFile>, 
/**
 * Commits that would be lost.
 */
commits: Array<LostCommit>, 
/**
 * Ignored files and folders that go with the folder, for information: at most 100.
 */
ignored: Array<string>, 
/**
 * Files that conflict, or changed files of the base's folder.
 */
conflicts: Array<string>, 
/**
 * Changed files that tools run by themselves.
 */
executes: Array<string>, 
/**
 * How many entries the lists would have without their limit of 500 each.
 */
total: number, };

/**
 * How a person logs in here.
 */
export type LoginMode = "local" | "oidc";

/**
 * `GET /api/client-config`: open, says how to log in.
 */
export type ClientConfig = { login: LoginMode, issuer: string | null, client_id: string | null, audience: string | null, 
/**
 * The provider's client for `orchestra login`.
 */
cli_client_id: string | null, 
/**
 * The port to which that client comes back on loopback; none: any free one.
 */
cli_port: number | null, 
/**
 * True when people log in with a name and a password here.
 */
accounts: boolean, version: string, };

/**
 * The caller.
 */
export type PrincipalInfo = { 
/**
 * Id of the user; owners of agents and tasks are given by it.
 */
id: string, name: string, issuer: string, subject: string, 
/**
 * Set when an agent calls on behalf of the user.
 */
agent_id: string | null, };

/**
 * `GET /api/me`.
 */
export type Me = { principal: PrincipalInfo, roles: Array<string>, permissions: Array<string>, 
/**
 * Session id of the caller's primary, running or not.
 */
primary_session_id: string, 
/**
 * True when the daemon's folders are hidden from agents that start now.
 */
agents_masked: boolean, expires_at: Timestamp | null, };

/**
 * The public half of a device key, P-256, as a JWK.
 */
export type DeviceKey = { kty: string, crv: string, x: string, y: string, };

/**
 * `POST /api/auth/exchange`: a one-time secret for a device and a token.
 */
export type ExchangeRequest = { secret: string, key: DeviceKey, 
/**
 * Shown in the list of devices.
 */
label: string, };

/**
 * `POST /api/auth/challenge`.
 */
export type ChallengeRequest = { device_id: string, };

/**
 * What the device signs: the ASCII bytes of `challenge`.
 */
export type Challenge = { challenge: string, expires_at: Timestamp, };

/**
 * `POST /api/auth/renew`.
 */
export type RenewRequest = { device_id: string, challenge: string, 
/**
 * ECDSA P-256 with SHA-256, IEEE P1363 form (64 bytes), base64url without padding.
 */
signature: string, };

/**
 * A fresh access token.
 */
export type TokenAnswer = { access_token: string, expires_at: Timestamp, 
/**
 * The device that may renew it.
 */
device_id: string | null, };

/**
 * A browser that may renew its login.
 */
export type Device = { id: string, label: string, created_at: Timestamp, last_used_at: Timestamp, expires_at: Timestamp, 
/**
 * True for the device of this call's token.
 */
current: boolean, };

/**
 * What a ticket lets a socket do.
 */
export type TicketRights = "read" | "full";

/**
 * `POST /api/ws-tickets`.
 */
export type TicketRequest = { rights?: TicketRights, };

/**
 * Opens one socket within 30 seconds.
 */
export type Ticket = { ticket: string, expires_at: Timestamp, };

/**
 * `POST /api/local/login-link`, over the Unix socket only: a link that logs a browser in once.
 */
export type LoginLink = { 
/**
 * Carries the one-time secret in its fragment; never put it in an argument list.
 */
login_url: string, expires_at: Timestamp, };

/**
 * `POST /api/auth/login`: a local account's name and password for a device and a token.
 */
export type LoginRequest = { name: string, password: string, key: DeviceKey, 
/**
 * Shown in the list of devices.
 */
label: string, };

/**
 * `POST /api/admin/users`: a new local account.
 */
export type AccountRequest = { name: string, role: string, password: string, };

/**
 * `PATCH /api/admin/users/{id}`: what is named changes.
 */
export type AccountChange = { role?: string, 
/**
 * Ends every device of the account.
 */
password?: string, };

/**
 * One user, as an admin sees it.
 */
export type UserView = { id: string, name: string, issuer: string, subject: string, 
/**
 * Of a local user; an OIDC provider says it in each token.
 */
role: string | null, 
/**
 * True when it logs in with a password.
 */
account: boolean, locked_at: Timestamp | null, created_at: Timestamp, 
/**
 * When one of its devices last renewed its login.
 */
last_used_at: Timestamp | null, 
/**
 * Devices that may renew.
 */
devices: number, 
/**
 * Agents that start or run.
 */
agents: number, 
/**
 * Open sockets.
 */
sockets: number, };

/**
 * `POST /api/admin/locks`.
 */
export type LockRequest = { 
/**
 * Id of the user.
 */
user: string, locked: boolean, };

/**
 * `POST /api/admin/kill`: all agents of one user, or all of them.
 */
export type KillAllRequest = { 
/**
 * Id of the user; left out, everybody's agents end.
 */
user?: string, 
/**
 * The user's name, or `everything`: typed by a person who means it.
 */
confirm?: string, };

/**
 * What `POST /api/admin/kill` did.
 */
export type KillAllAnswer = { killed: Array<string>, 
/**
 * Those that would not end; the log says why.
 */
failed: Array<string>, };

/**
 * `GET /api/audit/verify`.
 */
export type AuditVerdict = { 
/**
 * Lines that are what was written.
 */
lines: number, 
/**
 * Number of the last good one, when one is not.
 */
last: number, 
/**
 * File with the first line that is not what was written.
 */
broken_in: string | null, };

/**
 * One open socket.
 */
export type SocketView = { id: number, user_id: string, name: string, ip: string, opened_at: Timestamp, };

/**
 * What an owner lets somebody do with an agent.
 */
export type ShareRights = "read" | "type";

/**
 * `PUT /api/agents/{id}/shares/{user}`.
 */
export type ShareRequest = { rights: ShareRights, };

/**
 * One person that an agent is shared with.
 */
export type ShareView = { user_id: string, name: string, rights: ShareRights, created_at: Timestamp, };

/**
 * What a value looks like.
 */
export type SettingShape = "text" | "integer" | "number" | "switch" | "list" | "table";

/**
 * Where a value comes from; what stands further down goes before what stands above.
 */
export type SettingOrigin = { "from": "default" } | { "from": "file", line: number | null, } | { "from": "variable", name: string, } | { "from": "flag", name: string, };

/**
 * One setting.
 */
export type SettingView = { 
/**
 * Dotted, such as `limits.depth`.
 */
key: string, 
/**
 * Its meaning; Markdown, on one line. None for names of the owner's.
 */
about: string | null, shape: SettingShape, 
/**
 * What counts now: text as it is, a list or table as TOML.
 */
value: string, 
/**
 * None for names of the owner's.
 */
default: string | null, origin: SettingOrigin, 
/**
 * What will count at the next start, when that is another value.
 */
next: string | null, 
/**
 * False: it can be changed on the daemon's machine only.
 */
changeable: boolean, };

/**
 * One mistake.
 */
export type SettingFault = { 
/**
 * File and line, or a variable.
 */
place: string, key: string | null, message: string, };

/**
 * `GET /api/admin/settings`: every setting of the running daemon.
 */
export type SettingsView = { 
/**
 * The configuration file.
 */
file: string, exists: boolean, 
/**
 * In the order of the document.
 */
settings: Array<SettingView>, 
/**
 * What is wrong with the sources as they are now: the daemon would not start with them.
 */
faults: Array<SettingFault>, };

/**
 * `PATCH /api/admin/settings`: changes one setting in the file, for the next start.
 */
export type SettingChange = { key: string, 
/**
 * As the command line takes it: a list is separated by commas. None: the default again.
 */
value: string | null, };

/**
 * What a notification is about.
 */
export type PushKind = "approval" | "question" | "failure" | "result" | "test" | "withdrawn";

/**
 * Which kinds a browser is told.
 */
export type PushKinds = { approvals: boolean, questions: boolean, failures: boolean, results: boolean, };

/**
 * The browser's own keys, as `PushSubscription.toJSON()` gives them.
 */
export type PushKeys = { 
/**
 * A P-256 point, 65 bytes, in URL-safe base64.
 */
p256dh: string, 
/**
 * 16 bytes in URL-safe base64.
 */
auth: string, };

/**
 * `POST /api/push/subscriptions`: a new browser, or new switches for a known one.
 */
export type PushSubscribeRequest = { 
/**
 * Where the push service takes messages: https, at its usual port.
 */
endpoint: string, keys: PushKeys, 
/**
 * Shown in the list of browsers.
 */
label: string, kinds: PushKinds, };

/**
 * A browser that is told.
 */
export type PushSubscription = { id: string, label: string, 
/**
 * Host of the push service.
 */
service: string, kinds: PushKinds, 
/**
 * True when it hangs on the login that asks: it ends with that login's device.
 */
current: boolean, created_at: Timestamp, 
/**
 * When the push service last took a message for it.
 */
last_sent_at: Timestamp | null, };

/**
 * `GET /api/push/subscriptions`.
 */
export type PushSubscriptions = { items: Array<PushSubscription>, 
/**
 * The daemon's VAPID key, as a browser wants it: a P-256 point in URL-safe base64.
 */
public_key: string, };

/**
 * How a telling stands.
 */
export type PushState = "queued" | "sent" | "dropped" | "failed";

/**
 * One telling of one browser.
 */
export type PushDelivery = { id: string, subscription_id: string, 
/**
 * Label of the browser, kept when the browser is gone.
 */
label: string, kind: PushKind, title: string, state: PushState, 
/**
 * Why it waits, was dropped or failed.
 */
reason: string | null, attempts: number, created_at: Timestamp, 
/**
 * When it is tried next; null when it is over.
 */
next_at: Timestamp | null, ended_at: Timestamp | null, };

/**
 * `POST /api/push/test`.
 */
export type PushTestRequest = { 
/**
 * One browser; default: all of the caller's.
 */
subscription_id?: string, };

/**
 * What a browser finds in a message, once it is decrypted. Words of ours, ids and
 * numbers; never what an agent or a person wrote.
 */
export type PushPayload = { kind: PushKind, title: string, body: string, 
/**
 * A path of the page.
 */
link: string, 
/**
 * A later message of the same tag takes the place of this one.
 */
tag: string, at: Timestamp, };

/**
 * What happened, with the object as it was then.
 */
export type EventBody = { "kind": "agent", agent: Agent, } | { "kind": "task", task: Task, } | { "kind": "message", message: Message, } | { "kind": "approval", approval: Approval, } | { "kind": "worktree", worktree: Worktree, 
/**
 * True when it is gone.
 */
removed: boolean, };

/**
 * One entry of the feed.
 */
export type Event = { 
/**
 * Grows by at least one; gaps are entries that the reader may not see.
 */
number: number, at: Timestamp, body: EventBody, };

/**
 * `GET /api/health`: the process answers.
 */
export type Health = { status: string, version: string, };

/**
 * `GET /api/ready`: 200 when it can work, else 503.
 */
export type Ready = { ready: boolean, 
/**
 * What is missing; only with a credential.
 */
reasons?: Array<string>, };

/**
 * Which reading of a terminal a viewer wants.
 */
export type Mode = "sampled" | "live";

/**
 * How a viewer wants its frames.
 */
export type Encoding = "json" | "binary";

/**
 * The actions that a client may answer.
 */
export type ActionName = "approve_plan";

/**
 * What a client says.
 */
export type ClientMessage = { "type": "user_message", content: string, session_id?: string, 
/**
 * UUID; a resend with the same one is the same message.
 */
client_id?: string, as_command?: boolean, } | { "type": "subscribe_terminal", session_id: string, mode?: Mode, encoding?: Encoding, 
/**
 * With `from`: go on after that byte if the epoch still holds.
 */
epoch?: string, from?: number, } | { "type": "unsubscribe_terminal", session_id: string, } | { "type": "terminal_input", session_id: string, data: string, } | { "type": "terminal_paste", session_id: string, data: string, 
/**
 * Names the paste on this connection: progress is told, and it can be cancelled.
 */
id?: string, more?: boolean, } | { "type": "cancel_paste", session_id: string, id: string, } | { "type": "terminal_resize", session_id: string, cols: number, rows: number, } | { "type": "take_seat", session_id: string, } | { "type": "release_seat", session_id: string, } | { "type": "terminal_history", session_id: string, before?: number, 
/**
 * Whose numbers those are; with another one now, the answer says `resync`.
 */
epoch?: string, lines?: number, } | { "type": "ack", channel: number, bytes: number, } | { "type": "screen_mismatch", channel: number, seq: number, 
/**
 * The hash of each row.
 */
rows: Array<number>, modes: number, } | { "type": "action", action: ActionName, task_ids: number[], decision: Decision, } | { "type": "resume", after: number, } | { "type": "renew", ticket: string, } | { "type": "presence", looking: boolean, } | { "type": "ping", nonce?: string, };

/**
 * Where a paste stands.
 */
export type PasteState = "pasting" | "done" | "cancelled" | "failed";

/**
 * Who types into a terminal now.
 */
export type SeatHolder = { 
/**
 * Name of the person.
 */
name: string, 
/**
 * `web`, `cli` or `attach`.
 */
via: string, };

/**
 * What the daemon says.
 */
export type ServerMessage = { "type": "hello", version: string, rights: TicketRights, 
/**
 * The newest number of the feed; `resume` from an older one fills the gap.
 */
event: number, 
/**
 * Session id of the caller's primary, running or not.
 */
primary_session_id: string, } | { "type": "claude_response", content: string, actions: Array<Action>, session_id: string, message_id: string, event: number, } | { "type": "terminal_output", session_id: string, data: string, 
/**
 * Milliseconds since the epoch.
 */
timestamp: number, cols: number, rows: number, } | { "type": "task_update", task_id: number, 
/**
 * Specialist, else kind.
 */
agent: string, status: TaskStatus, elapsed_ms: number, agent_id?: string, title: string, reason?: string, 
/**
 * The result's text, once there is one.
 */
result?: string, error?: string, event: number, } | { "type": "subscribed", session_id: string, channel: number, mode: Mode, encoding: Encoding, epoch: string, seq: number, cols: number, rows: number, title: string, seat?: SeatHolder, 
/**
 * True when this connection holds the seat.
 */
mine: boolean, } | { "type": "seat", session_id: string, holder?: SeatHolder, mine: boolean, cols: number, rows: number, } | { "type": "screen_hash", session_id: string, channel: number, seq: number, hash: number, } | { "type": "terminal_history", session_id: string, epoch: string, start: number, rows: Array<string>, first: number, next: number, total: number, resync: boolean, } | { "type": "paste_progress", session_id: string, id: string, 
/**
 * Bytes handed to the program so far.
 */
bytes: number, state: PasteState, } | { "type": "receipt", message: Message, event: number, } | { "type": "agent_update", agent: Agent, event: number, } | { "type": "approval", approval: Approval, event: number, } | { "type": "worktree", worktree: Worktree, 
/**
 * True when it is gone.
 */
removed: boolean, event: number, } | { "type": "resync", event: number, reason: string, } | { "type": "auth_expiring", 
/**
 * Milliseconds since the epoch.
 */
expires_at: number, } | { "type": "renewed", expires_at: number, } | { "type": "pong", nonce?: string, } | { "type": "error", 
/**
 * `urn:orchestra:<code>`.
 */
code: string, title: string, status: number, detail: string, 
/**
 * The `type` that was refused, when it could be read.
 */
about?: string, session_id?: string, };

export type Page<T> = { items: Array<T>, next_cursor: string | null, };
