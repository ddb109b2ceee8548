//! The one decision: may this caller do that to this object? Denied unless a line
//! below allows it. Reading never implies typing.

use super::permission::Permission;
use super::principal::{AgentGrant, Principal};
use crate::model::ids::{AgentId, UserId};

/// Why not; the edge turns it into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The caller may not even know of it: 404.
    #[error("there is no such object for this caller")]
    Hidden,
    /// The caller sees it, or it is no object at all: 403.
    #[error("the caller lacks the right")]
    Forbidden,
}

/// What the owner of an object gave the caller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Share {
    #[default]
    None,
    Read,
    Type,
}

/// What an action is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Object<'a> {
    owner: Option<&'a UserId>,
    agent: Option<&'a AgentId>,
    parent: Option<&'a AgentId>,
    share: Share,
}

impl<'a> Object<'a> {
    /// No object: the action as such, such as listing one's own or reading the audit.
    pub fn global() -> Self {
        Self::default()
    }

    /// Something of that user.
    pub fn of(owner: &'a UserId) -> Self {
        Self {
            owner: Some(owner),
            ..Self::default()
        }
    }

    /// It is this agent, or belongs to it (a message, a task given to it).
    #[must_use]
    pub fn agent(mut self, id: &'a AgentId) -> Self {
        self.agent = Some(id);
        self
    }

    /// The agent that started it: parent of an agent, caller of a task.
    #[must_use]
    pub fn parent(mut self, id: Option<&'a AgentId>) -> Self {
        self.parent = id;
        self
    }

    /// What its owner gave the caller.
    #[must_use]
    pub fn shared(mut self, share: Share) -> Self {
        self.share = share;
        self
    }
}

/// Decides; deny by default.
///
/// A message to an agent needs `TasksDelegate`; bytes for its terminal, and a message
/// that may be a command, need `TerminalType`.
///
/// # Errors
/// Says whether the caller may know that the object exists.
pub fn authorize(
    principal: &Principal,
    permission: Permission,
    object: &Object<'_>,
) -> Result<(), Denied> {
    match &principal.agent {
        Some(grant) => authorize_agent(principal, grant, permission, object),
        None => authorize_user(principal, permission, object),
    }
}

fn authorize_user(
    principal: &Principal,
    permission: Permission,
    object: &Object<'_>,
) -> Result<(), Denied> {
    use Permission as P;
    let has = |one| principal.permissions.has(one);
    let Some(owner) = object.owner else {
        return has(permission).then_some(()).ok_or(Denied::Forbidden);
    };
    if *owner == principal.user.id {
        return has(permission).then_some(()).ok_or(Denied::Forbidden);
    }
    let all = has(P::AgentsReadAll);
    let visible = all || (object.share != Share::None && has(P::AgentsRead));
    let typing = object.share == Share::Type && has(permission);
    let allowed = match permission {
        P::AgentsRead => visible,
        P::TranscriptsRead => visible && has(permission),
        P::AgentsKill => has(P::AgentsKillAll),
        // Whoever may type may do no more harm by a message or a decision.
        P::TerminalType | P::TasksDelegate | P::ApprovalsDecide => typing,
        // Those without an object.
        P::AgentsReadAll
        | P::AgentsSpawn
        | P::AgentsKillAll
        | P::AuditRead
        | P::UsersManage
        | P::SettingsManage
        | P::MetricsRead => false,
    };
    match (allowed, visible) {
        (true, _) => Ok(()),
        (false, true) => Err(Denied::Forbidden),
        (false, false) => Err(Denied::Hidden),
    }
}

/// An agent may delegate, report and propose as itself, and read and message its
/// children; nothing else, whatever its user may do.
fn authorize_agent(
    principal: &Principal,
    grant: &AgentGrant,
    permission: Permission,
    object: &Object<'_>,
) -> Result<(), Denied> {
    let itself = object.agent == Some(&grant.agent_id);
    let child = object.parent == Some(&grant.agent_id);
    let global = object.owner.is_none() && object.agent.is_none() && object.parent.is_none();
    let owned = object.owner.is_none_or(|owner| *owner == principal.user.id);
    if !(owned && (itself || child || global)) {
        return Err(Denied::Hidden);
    }
    match permission {
        Permission::AgentsRead | Permission::TasksDelegate => Ok(()),
        _ => Err(Denied::Forbidden),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::permission::{Permissions, Role};
    use crate::auth::principal::User;

    fn user(id: &str, permissions: Permissions) -> Principal {
        Principal {
            user: User {
                id: UserId(id.into()),
                name: id.into(),
                issuer: "i".into(),
                subject: id.into(),
            },
            permissions,
            agent: None,
            token_id: None,
            device_id: None,
            expires_at: None,
            shares: crate::auth::shares::Shares::default(),
        }
    }

    #[test]
    fn owners_do_what_their_role_says_and_others_do_not_know_of_it() {
        let mine = UserId("me".into());
        let object = Object::of(&mine);
        let developer = user("me", Role::Developer.permissions());
        let stranger = user("other", Role::Developer.permissions());
        let viewer = user("me", Role::Viewer.permissions());
        for one in Role::Developer.permissions().iter() {
            assert_eq!(authorize(&developer, one, &object), Ok(()));
            assert_eq!(authorize(&stranger, one, &object), Err(Denied::Hidden));
        }
        assert_eq!(
            authorize(&viewer, Permission::TerminalType, &object),
            Err(Denied::Forbidden)
        );
        assert_eq!(
            authorize(&developer, Permission::AuditRead, &Object::global()),
            Err(Denied::Forbidden)
        );
        let nobody = user("me", Permissions::NONE);
        for one in Permission::ALL {
            assert!(authorize(&nobody, one, &object).is_err());
            assert!(authorize(&nobody, one, &Object::global()).is_err());
        }
    }

    #[test]
    fn an_admin_sees_and_kills_but_types_only_where_it_is_let() {
        let theirs = UserId("them".into());
        let admin = user("root", Role::Admin.permissions());
        let object = Object::of(&theirs);
        assert_eq!(authorize(&admin, Permission::AgentsRead, &object), Ok(()));
        assert_eq!(authorize(&admin, Permission::AgentsKill, &object), Ok(()));
        for typing in [
            Permission::TerminalType,
            Permission::TasksDelegate,
            Permission::ApprovalsDecide,
        ] {
            assert_eq!(authorize(&admin, typing, &object), Err(Denied::Forbidden));
            assert_eq!(
                authorize(&admin, typing, &object.shared(Share::Read)),
                Err(Denied::Forbidden)
            );
            assert_eq!(
                authorize(&admin, typing, &object.shared(Share::Type)),
                Ok(())
            );
        }
    }

    #[test]
    fn a_share_to_read_lets_nobody_type_or_kill() {
        let theirs = UserId("them".into());
        let developer = user("me", Role::Developer.permissions());
        let object = Object::of(&theirs).shared(Share::Read);
        assert_eq!(
            authorize(&developer, Permission::AgentsRead, &object),
            Ok(())
        );
        assert_eq!(
            authorize(&developer, Permission::TerminalType, &object),
            Err(Denied::Forbidden)
        );
        assert_eq!(
            authorize(&developer, Permission::AgentsKill, &object),
            Err(Denied::Forbidden)
        );
    }

    #[test]
    fn an_agent_reaches_itself_and_its_children_only() {
        let id = |text| AgentId::parse(text).unwrap();
        let (me, child, parent) = (id("droid-001"), id("droid-002"), id("primary"));
        let mut agent = user("me", Role::Admin.permissions());
        agent.agent = Some(AgentGrant {
            agent_id: me.clone(),
            parent: Some(parent.clone()),
            task_id: None,
            depth: 1,
            root: parent.clone(),
        });
        let owner = UserId("me".into());
        let own = Object::of(&owner).agent(&me).parent(Some(&parent));
        let below = Object::of(&owner).agent(&child).parent(Some(&me));
        let above = Object::of(&owner).agent(&parent);
        for object in [own, below] {
            assert_eq!(
                authorize(&agent, Permission::TasksDelegate, &object),
                Ok(())
            );
            assert_eq!(authorize(&agent, Permission::AgentsRead, &object), Ok(()));
            assert_eq!(
                authorize(&agent, Permission::TerminalType, &object),
                Err(Denied::Forbidden)
            );
            assert_eq!(
                authorize(&agent, Permission::AgentsKill, &object),
                Err(Denied::Forbidden)
            );
        }
        for one in Permission::ALL {
            assert_eq!(authorize(&agent, one, &above), Err(Denied::Hidden));
        }
        let stranger = UserId("them".into());
        let foreign = Object::of(&stranger).parent(Some(&me));
        assert_eq!(
            authorize(&agent, Permission::AgentsRead, &foreign),
            Err(Denied::Hidden)
        );
    }
}
