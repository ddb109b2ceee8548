//! Messages to agents and answers to plans, as the socket brings them.

use super::session::{Session, unrecorded};
use crate::auth::permission::Permission;
use crate::chat::Outgoing;
use crate::http::access::{self, requester};
use crate::http::problem::Failure;
use crate::http::routes::messages::check_command;
use crate::http::routes::tasks::decide_plan;
use crate::model::limits;
use crate::store::rows::StoredMessage;
use orchestra_protocol::socket::{ActionName, ServerMessage};
use orchestra_protocol::task::{Decision, PlanDecision};

impl Session {
    pub(super) async fn user_message(
        &self,
        content: String,
        session_id: Option<String>,
        client_id: Option<String>,
        as_command: Option<bool>,
    ) -> Result<(), Failure> {
        limits::prompt(&content)?;
        limits::client_id(client_id.as_deref())?;
        let own = self.agent_id(None).await?;
        let id = self.agent_id(session_id.as_deref()).await?;
        let principal = self.principal();
        let to_primary = id == own;
        let denied = |Failure(problem): &Failure| self.denied(problem, "user_message", id.as_str());
        if to_primary {
            // As over REST: the message may have to start the primary.
            let mut needed = vec![Permission::TasksDelegate, Permission::AgentsSpawn];
            needed.extend((as_command == Some(true)).then_some(Permission::TerminalType));
            for permission in needed {
                access::may(&principal, permission).inspect_err(denied)?;
            }
        } else {
            let agent = self.agent(Permission::TasksDelegate, &id).await?;
            check_command(&principal, &agent, as_command).inspect_err(denied)?;
        }
        let outgoing = Outgoing {
            client_id,
            as_command: as_command == Some(true),
            ..Outgoing::text(content)
        };
        let intent = self
            .state
            .audit
            .intent(self.line("message.send", id.as_str()))
            .await;
        let intent = intent.map_err(|error| unrecorded(&error))?;
        let chat = &self.state.chat;
        let requester = requester(&principal);
        let sent: Result<StoredMessage, Failure> = if to_primary {
            chat.send_to_primary(&requester, &outgoing)
                .await
                .map_err(Failure::from)
        } else {
            chat.send(&requester, &id, &outgoing)
                .await
                .map_err(Failure::from)
        };
        intent.outcome(&outcome(&sent)).await;
        // The feed tells of it, too; a resend changes nothing there, so it is answered here.
        let message = sent?.view;
        self.say(&ServerMessage::Receipt { message, event: 0 })
            .await;
        Ok(())
    }

    pub(super) async fn action(
        &self,
        action: ActionName,
        task_ids: Vec<i64>,
        decision: Decision,
    ) -> Result<(), Failure> {
        let ActionName::ApprovePlan = action;
        let ids: Vec<String> = task_ids.iter().map(i64::to_string).collect();
        let entry = self.line("plan.decide", ids.join(" "));
        let intent = self
            .state
            .audit
            .intent(entry)
            .await
            .map_err(|error| unrecorded(&error))?;
        let request = PlanDecision { task_ids, decision };
        let decided = decide_plan(&self.state, &self.principal(), &request).await;
        intent.outcome(&outcome(&decided)).await;
        decided.map(drop)
    }
}

fn outcome<T>(result: &Result<T, Failure>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(Failure(problem)) => {
            let word = if matches!(problem.status, 401 | 403 | 404) {
                "denied"
            } else {
                "failed"
            };
            format!("{word}:{}", problem.status)
        }
    }
}
