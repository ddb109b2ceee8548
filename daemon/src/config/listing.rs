//! Every setting with its value and its source, and which of them may be changed from afar.

use super::fault::Origin;
use super::keys::{self, Key};
use super::layers;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// Sections of which none decides who gets in, from where, or which program runs where.
/// All others are changed on the machine itself, so that a stolen login of an admin opens
/// no door that stays open.
const FROM_AFAR: &[&str] = &[
    "terminal.",
    "approvals.",
    "limits.",
    "recovery.",
    "budgets.",
    "retention.",
    "transcripts.",
    "worktrees.",
];
/// What is kept from that in those sections: rules that say yes, a brake on guessing, the
/// record of what was done, programs, and where files lie.
const NOT_FROM_AFAR: &[&str] = &[
    "approvals.bypass_permissions",
    "limits.login_attempts_per_minute",
    "retention.audit_days",
    "worktrees.folder",
    "worktrees.setup",
];

/// One setting.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Dotted.
    pub key: String,
    pub value: Value,
    pub origin: Origin,
    /// Its default and meaning; none for names of the owner's.
    pub known: Option<Key>,
}

/// All settings, in the order of the document, then those with names of their owner's.
pub fn all(table: &Table, provenance: &BTreeMap<String, Origin>) -> Vec<Setting> {
    let mut others: BTreeMap<_, _> = provenance.iter().collect();
    let one = |key: String, known: Option<Key>| {
        Some(Setting {
            value: layers::value(table, &key)?.clone(),
            origin: provenance.get(&key)?.clone(),
            known,
            key,
        })
    };
    let mut listed = Vec::new();
    for known in keys::all() {
        others.remove(&known.name);
        listed.extend(one(known.name.clone(), Some(known)));
    }
    let others = others.into_keys().cloned();
    listed.extend(others.filter_map(|key| one(key, None)));
    listed
}

/// True when an admin may change it over the network.
pub fn changeable_from_afar(key: &str) -> bool {
    let within = FROM_AFAR.iter().any(|section| key.starts_with(section));
    within && !NOT_FROM_AFAR.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_doors_is_changed_on_the_machine() {
        for key in [
            "server.listen",
            "auth.login",
            "network.allow",
            "projects.roots",
            "kinds.shell.command",
            "approvals.bypass_permissions",
            "worktrees.setup",
        ] {
            assert!(!changeable_from_afar(key), "{key}");
        }
        for key in ["limits.depth", "budgets.task_usd", "worktrees.parallel"] {
            assert!(changeable_from_afar(key), "{key}");
        }
        // Each name that is kept exists, so that a new name for it opens nothing.
        for key in NOT_FROM_AFAR {
            assert!(keys::find(key).is_some(), "{key}");
        }
    }
}
