//! Permissions and the roles that bundle them.

/// One thing that may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Permission {
    AgentsRead,
    AgentsReadAll,
    AgentsSpawn,
    AgentsKill,
    AgentsKillAll,
    TerminalType,
    TasksDelegate,
    ApprovalsDecide,
    TranscriptsRead,
    AuditRead,
    UsersManage,
    SettingsManage,
    MetricsRead,
}

impl Permission {
    /// Every one, in the order of the enum.
    pub const ALL: [Self; 13] = [
        Self::AgentsRead,
        Self::AgentsReadAll,
        Self::AgentsSpawn,
        Self::AgentsKill,
        Self::AgentsKillAll,
        Self::TerminalType,
        Self::TasksDelegate,
        Self::ApprovalsDecide,
        Self::TranscriptsRead,
        Self::AuditRead,
        Self::UsersManage,
        Self::SettingsManage,
        Self::MetricsRead,
    ];

    /// Its name in a token.
    pub fn name(self) -> &'static str {
        match self {
            Self::AgentsRead => "agents:read",
            Self::AgentsReadAll => "agents:read_all",
            Self::AgentsSpawn => "agents:spawn",
            Self::AgentsKill => "agents:kill",
            Self::AgentsKillAll => "agents:kill_all",
            Self::TerminalType => "terminal:type",
            Self::TasksDelegate => "tasks:delegate",
            Self::ApprovalsDecide => "approvals:decide",
            Self::TranscriptsRead => "transcripts:read",
            Self::AuditRead => "audit:read",
            Self::UsersManage => "users:manage",
            Self::SettingsManage => "settings:manage",
            Self::MetricsRead => "metrics:read",
        }
    }

    /// The permission of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// True when it only looks; a ticket for reading keeps these.
    pub fn only_reads(self) -> bool {
        matches!(
            self,
            Self::AgentsRead
                | Self::AgentsReadAll
                | Self::TranscriptsRead
                | Self::AuditRead
                | Self::MetricsRead
        )
    }
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Permissions(u32);

impl Permissions {
    /// No permission.
    pub const NONE: Self = Self(0);

    /// True when `permission` is in the set.
    pub fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// What both sets have.
    #[must_use]
    pub fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// True when every permission of `other` is in the set.
    pub fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// True when it is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that only look.
    #[must_use]
    pub fn reading(self) -> Self {
        self.iter().filter(|one| one.only_reads()).collect()
    }

    /// Its members, in the order of the enum.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .into_iter()
            .filter(move |one| self.has(*one))
    }

    /// The names of its members.
    pub fn names(self) -> Vec<String> {
        self.iter().map(|one| one.name().to_owned()).collect()
    }

    /// The set of those names that are names; others are for other programs.
    pub fn of_names<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        names.filter_map(Permission::parse).collect()
    }

    /// The largest role that it covers.
    pub fn role(self) -> Option<Role> {
        let roles = [Role::Admin, Role::Developer, Role::Viewer];
        roles
            .into_iter()
            .find(|role| self.covers(role.permissions()))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(all: I) -> Self {
        Self(all.into_iter().fold(0, |bits, one| bits | 1 << one as u8))
    }
}

/// A bundle of permissions that a person is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees what is shared with it.
    Viewer,
    /// Works with what it owns.
    Developer,
    /// Sees and stops everything, but types only into its own.
    Admin,
}

impl Role {
    /// Its name on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let roles = [Self::Viewer, Self::Developer, Self::Admin];
        roles.into_iter().find(|role| role.name() == name)
    }

    /// What it bundles.
    pub fn permissions(self) -> Permissions {
        use Permission as P;
        match self {
            Self::Viewer => [P::AgentsRead].into_iter().collect(),
            Self::Developer => [
                P::AgentsRead,
                P::AgentsSpawn,
                P::AgentsKill,
                P::TerminalType,
                P::TasksDelegate,
                P::ApprovalsDecide,
                P::TranscriptsRead,
            ]
            .into_iter()
            .collect(),
            Self::Admin => P::ALL.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_sets_go_both_ways() {
        for one in Permission::ALL {
            assert_eq!(Permission::parse(one.name()), Some(one));
        }
        let names = ["agents:read", "openid", "terminal:type"];
        let set = Permissions::of_names(names.into_iter());
        assert_eq!(set.names(), ["agents:read", "terminal:type"]);
        assert_eq!(set.reading().names(), ["agents:read"]);
    }

    #[test]
    fn each_role_contains_the_smaller_one_and_is_recognised() {
        for role in [Role::Viewer, Role::Developer, Role::Admin] {
            assert_eq!(role.permissions().role(), Some(role));
            assert_eq!(Role::parse(role.name()), Some(role));
        }
        assert!(
            Role::Admin
                .permissions()
                .covers(Role::Developer.permissions())
        );
        assert!(
            Role::Developer
                .permissions()
                .covers(Role::Viewer.permissions())
        );
        assert_eq!(Permissions::NONE.role(), None);
    }
}
