//! What `deny.toml` bans is not in the lock file, and everything in it comes from crates.io.

use toml::{Table, Value};

use super::{finding::Finding, tree::Tree};

const LOCK: &str = "Cargo.lock";
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What cargo locks for features that nothing turns on. cargo-deny, which sees the features, would
/// say if that changed.
const LOCKED_BUT_UNUSED: [&str; 2] = ["chrono", "ring"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let (Some(lock), Some(deny)) = (tree.file(LOCK), tree.file("deny.toml")) else {
        let what = "Cargo.lock or deny.toml is missing";
        return vec![Finding::new((LOCK, 1), what, "both are committed")];
    };
    let (Ok(locked), Ok(denied)) = (lock.text.parse::<Table>(), deny.text.parse::<Table>()) else {
        let what = "Cargo.lock or deny.toml is not TOML";
        return vec![Finding::new(
            (LOCK, 1),
            what,
            "see what `cargo metadata` says",
        )];
    };
    let bans = bans(&denied);
    let packages = locked.get("package").and_then(Value::as_array);
    let findings = packages.into_iter().flatten().filter_map(|package| {
        let name = package.get("name")?.as_str()?;
        let place = (LOCK, lock.line_of(&format!("name = \"{name}\"")));
        let ban = bans.iter().find(|(banned, _)| *banned == name);
        if let Some((_, reason)) = ban.filter(|_| !LOCKED_BUT_UNUSED.contains(&name)) {
            let mend = format!("{reason}; `cargo tree --invert {name}` says who brings it");
            return Some(Finding::new(place, format!("{name} is banned"), mend));
        }
        let source = package.get("source").and_then(Value::as_str);
        source.filter(|source| *source != CRATES_IO).map(|source| {
            let mend = "depend on a published version";
            Finding::new(place, format!("{name} comes from {source}"), mend)
        })
    });
    findings.collect()
}

fn bans(deny: &Table) -> Vec<(&str, &str)> {
    let list = deny.get("bans").and_then(|bans| bans.get("deny"));
    let bans = list.and_then(Value::as_array).into_iter().flatten();
    bans.filter(|ban| ban.get("wrappers").is_none())
        .filter_map(|ban| {
            let reason = ban
                .get("reason")
                .and_then(Value::as_str)
                .unwrap_or("no reason given");
            Some((ban.get("crate")?.as_str()?, reason))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::places;

    #[test]
    fn banned_and_foreign_packages_are_found() {
        let lock = "[[package]]\nname = \"native-tls\"\n[[package]]\nname = \"fork\"\nsource = \"git+https://x\"\n[[package]]\nname = \"own\"\n";
        let deny = "[bans]\ndeny = [{ crate = \"native-tls\", reason = \"one TLS\" }]\n";
        let tree = Tree::of(&[("Cargo.lock", lock), ("deny.toml", deny)]);
        assert_eq!(places(&check(&tree)), ["Cargo.lock:2", "Cargo.lock:4"]);
    }
}
