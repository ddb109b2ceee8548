//! The TypeScript form of every wire type, as one file. The page's copy is checked
//! in; a test fails when it differs (`make types` writes it anew).

use crate::{
    admin, agent, approval, auth, budget, event, file, message, problem, push, settings, socket,
    system, task, terminal, transcript, worktree,
};
use ts_rs::{Config, TS};

/// Adds the declaration of each type to a text.
macro_rules! declare {
    ($out:ident, $config:ident, $($path:ty),* $(,)?) => {
        $(
            if let Some(docs) = <$path as TS>::docs() {
                $out.push('\n');
                $out.push_str(docs.trim_end());
            }
            $out.push_str("\nexport ");
            $out.push_str(&<$path as TS>::decl($config));
            $out.push('\n');
        )*
    };
}

/// Content of `web-ui/src/protocol/types.ts`.
pub fn render() -> String {
    let config = Config::default();
    let mut out = String::from(
        "// Made from daemon/crates/protocol by `make types`; do not edit.\n\
         // Times are RFC 3339 text unless a comment says milliseconds.\n",
    );
    objects(&mut out, &config);
    transcripts(&mut out, &config);
    worktrees(&mut out, &config);
    access_and_socket(&mut out, &config);
    out.push_str("\nexport type Page<T> = { items: Array<T>, next_cursor: string | null, };\n");
    out
}

fn objects(out: &mut String, config: &Config) {
    declare!(
        out,
        config,
        crate::time::Timestamp,
        problem::Problem,
        agent::AgentStatus,
        agent::ActivityState,
        agent::WaitingFor,
        agent::Activity,
        agent::Usage,
        agent::Size,
        agent::AgentRole,
        agent::Agent,
        agent::Limits,
        agent::RestartPolicy,
        agent::SpawnRequest,
        agent::KillRequest,
        agent::AttachRequest,
        agent::AttachAnswer,
        agent::Signal,
        agent::Explanation,
        agent::AgentKind,
        message::MessageStatus,
        message::Author,
        message::Action,
        message::Message,
        message::MessageRequest,
        budget::Budget,
        budget::BudgetChange,
        budget::Measure,
        budget::Spent,
        budget::BudgetState,
        budget::BudgetReport,
        task::TaskStatus,
        task::TaskClass,
        task::AttemptStatus,
        task::Attempt,
        task::Declared,
        task::TaskResult,
        task::Task,
        task::Context,
        task::DelegateRequest,
        task::PlanRequest,
        task::Decision,
        task::PlanDecision,
        approval::ApprovalState,
        approval::ApprovalForm,
        approval::ApprovalScope,
        approval::Approval,
        approval::ApprovalDecision,
        approval::ApprovalAnswer,
        approval::DenyRequest,
        approval::ApprovalRule,
        terminal::Cursor,
        terminal::Screen,
        terminal::HistoryPage,
        terminal::Found,
        terminal::FoundPage,
        terminal::InputRequest,
        file::DroppedFile,
    );
}

fn transcripts(out: &mut String, config: &Config) {
    declare!(
        out,
        config,
        transcript::TokenUsage,
        transcript::Hit,
        transcript::Transcript,
        transcript::Progress,
        transcript::TranscriptPage,
        transcript::EntryRole,
        transcript::Part,
        transcript::Entry,
        transcript::TranscriptHits,
        transcript::TranscriptView,
        transcript::ModelUsage,
        transcript::UsageTotals,
        transcript::ResumeRequest,
        budget::UsageBy,
        budget::UsageRow,
        budget::UsageReport,
    );
}

fn worktrees(out: &mut String, config: &Config) {
    declare!(
        out,
        config,
        worktree::WorktreeAsk,
        worktree::WorktreeState,
        worktree::SetupStatus,
        worktree::SetupReport,
        worktree::FileChange,
        worktree::ChangedFile,
        worktree::PredictedConflict,
        worktree::WorktreeStatus,
        worktree::Worktree,
        worktree::DiffScope,
        worktree::Hunk,
        worktree::DiffFile,
        worktree::LeftOut,
        worktree::WorktreeDiff,
        worktree::CommitRequest,
        worktree::CommitAnswer,
        worktree::MergeRequest,
        worktree::MergeAnswer,
        worktree::RemoveAnswer,
        worktree::LostCommit,
        worktree::WorktreeRefusal,
    );
}

fn access_and_socket(out: &mut String, config: &Config) {
    declare!(
        out,
        config,
        auth::LoginMode,
        auth::ClientConfig,
        auth::PrincipalInfo,
        auth::Me,
        auth::DeviceKey,
        auth::ExchangeRequest,
        auth::ChallengeRequest,
        auth::Challenge,
        auth::RenewRequest,
        auth::TokenAnswer,
        auth::Device,
        auth::TicketRights,
        auth::TicketRequest,
        auth::Ticket,
        auth::LoginLink,
        admin::LoginRequest,
        admin::AccountRequest,
        admin::AccountChange,
        admin::UserView,
        admin::LockRequest,
        admin::KillAllRequest,
        admin::KillAllAnswer,
        admin::AuditVerdict,
        admin::SocketView,
        admin::ShareRights,
        admin::ShareRequest,
        admin::ShareView,
        settings::SettingShape,
        settings::SettingOrigin,
        settings::SettingView,
        settings::SettingFault,
        settings::SettingsView,
        settings::SettingChange,
        push::PushKind,
        push::PushKinds,
        push::PushKeys,
        push::PushSubscribeRequest,
        push::PushSubscription,
        push::PushSubscriptions,
        push::PushState,
        push::PushDelivery,
        push::PushTestRequest,
        push::PushPayload,
        event::EventBody,
        event::Event,
        system::Health,
        system::Ready,
        socket::Mode,
        socket::Encoding,
        socket::ActionName,
        socket::ClientMessage,
        socket::PasteState,
        socket::SeatHolder,
        socket::ServerMessage,
    );
}
