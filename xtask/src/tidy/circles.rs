//! No circle between folders: of two folders side by side, at most one may use the other, also by way
//! of others.
//!
//! A folder is a module with files of its own, `a/` and `a.rs` together. What a file uses is read from
//! its paths that begin with `crate::` and `super::`; for each level of a crate the folders that lie
//! side by side are compared.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    finding::Finding,
    rust_text::RustText,
    tree::{File, Tree},
};

/// Where circles are known and have an issue of their own.
const KNOWN: [&str; 1] = ["core/signalr/src"];

/// A module's path within its crate.
type Module = Vec<String>;

/// What uses what between the folders of one place: from a folder to another, with an example.
type Uses<'a> = BTreeMap<String, BTreeMap<String, &'a str>>;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut crates: BTreeMap<&str, Vec<File<'_>>> = BTreeMap::new();
    for file in tree.shipped_rust() {
        if let Some(end) = file.path.find("/src/") {
            let root = &file.path[..end + "/src".len()];
            crates.entry(root).or_default().push(file);
        }
    }
    crates
        .into_iter()
        .filter(|(root, _)| !KNOWN.contains(root))
        .flat_map(|(root, files)| circles(root, &files))
        .collect()
}

fn circles(root: &str, files: &[File<'_>]) -> Vec<Finding> {
    let modules: Vec<(Module, File<'_>)> = files
        .iter()
        .filter_map(|file| Some((module_of(root, file.path)?, *file)))
        .collect();
    let folders: BTreeSet<Module> = modules
        .iter()
        .flat_map(|(module, _)| (1..module.len()).map(|end| module[..end].to_vec()))
        .collect();
    let mut levels: BTreeMap<Module, Uses<'_>> = BTreeMap::new();
    for (module, file) in &modules {
        for used in used_by(module, file.text) {
            if let Some((level, from, to)) = crossing(&folders, module, &used) {
                let uses = levels.entry(level).or_default().entry(from).or_default();
                uses.entry(to).or_insert(file.path);
            }
        }
    }
    levels.values().flat_map(of_level).collect()
}

/// The module of a file: `src/a/b.rs` and `src/a/b/mod.rs` are `a::b`.
fn module_of(root: &str, path: &str) -> Option<Module> {
    let inner = path.strip_prefix(root)?.strip_prefix('/')?;
    let mut parts: Module = inner
        .strip_suffix(".rs")?
        .split('/')
        .map(str::to_owned)
        .collect();
    if parts.len() == 1 && ["lib", "main"].contains(&parts[0].as_str()) || parts[0] == "bin" {
        return Some(Vec::new());
    }
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    Some(parts)
}

/// Where a use leaves one folder for another beside it: the place of both, and their names.
fn crossing(
    folders: &BTreeSet<Module>,
    from: &[String],
    to: &[String],
) -> Option<(Module, String, String)> {
    let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    let folder = |module: &[String]| {
        let folder = module.get(..=common)?;
        folders.contains(folder).then(|| folder[common].clone())
    };
    Some((from[..common].to_vec(), folder(from)?, folder(to)?))
}

fn of_level(uses: &Uses<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (from, targets) in uses {
        for (to, path) in targets {
            if reaches(uses, to, from) {
                let what = format!("`{from}` uses `{to}`, and `{to}` uses `{from}` in the end");
                let mend = "move what both need below both";
                findings.push(Finding::new((path, 1), what, mend));
            }
        }
    }
    findings
}

fn reaches(uses: &Uses<'_>, from: &str, to: &str) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(next) = open.pop() {
        if next == to {
            return true;
        }
        if seen.insert(next) {
            open.extend(
                uses.get(next)
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.as_str()),
            );
        }
    }
    false
}

/// The modules that a file names, as paths from the crate's root.
fn used_by(module: &[String], text: &str) -> Vec<Module> {
    let code = RustText::of(text).code;
    let mut used = Vec::new();
    for (start, _) in code.match_indices("crate::") {
        let is_whole =
            !code[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        if is_whole {
            tree_of(&code[start + "crate::".len()..], &[], &mut used);
        }
    }
    for (start, _) in code.match_indices("super::") {
        if code[..start].ends_with("super::") {
            continue;
        }
        let rest = &code[start..];
        let ups = rest
            .split("super::")
            .take_while(|part| part.is_empty())
            .count();
        let base = &module[..module.len().saturating_sub(ups)];
        tree_of(&rest["super::".len() * ups..], base, &mut used);
    }
    used
}

/// Reads a use tree, `a::{b::c, d}`, and gives each path of it.
fn tree_of(text: &str, base: &[String], used: &mut Vec<Module>) {
    let mut path = base.to_vec();
    let mut rest = text;
    loop {
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        if end > 0 {
            path.push(rest[..end].to_owned());
            rest = &rest[end..];
        } else if let Some(inner) = rest.strip_prefix('{') {
            for branch in branches(inner) {
                tree_of(branch.trim_start(), &path, used);
            }
            return;
        }
        match rest.strip_prefix("::") {
            Some(next) => rest = next,
            None => break,
        }
    }
    used.push(path);
}

/// The branches of a group whose brace has been opened.
fn branches(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut branches) = (0_u32, 0, Vec::new());
    for (index, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                branches.push(&text[start..index]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                branches.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    branches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::places;

    #[test]
    fn two_folders_that_use_each_other_are_found() {
        let tree = Tree::of(&[
            (
                "server/app/src/lib.rs",
                "mod door;\nmod feed;\nmod state;\n",
            ),
            (
                "server/app/src/state.rs",
                "use crate::{door::hub, feed::Feed};",
            ),
            (
                "server/app/src/door/mod.rs",
                "use crate::{\n    feed::{self, Feed},\n};",
            ),
            ("server/app/src/door/hub.rs", "use super::Door;"),
            ("server/app/src/feed/mod.rs", "mod frames;"),
            (
                "server/app/src/feed/frames.rs",
                "fn f() { crate::door::hub::g() }",
            ),
        ]);
        assert_eq!(
            places(&check(&tree)),
            [
                "server/app/src/door/mod.rs:1",
                "server/app/src/feed/frames.rs:1"
            ]
        );
    }

    #[test]
    fn a_circle_by_way_of_others_is_found_at_any_level() {
        let tree = Tree::of(&[
            (
                "core/model/src/a/x/one.rs",
                "use super::super::y::two::Two;",
            ),
            (
                "core/model/src/a/y/two.rs",
                "use crate::a::z::three::Three;",
            ),
            ("core/model/src/a/z/three.rs", "use crate::a::x::one::One;"),
        ]);
        assert_eq!(check(&tree).len(), 3);
    }

    #[test]
    fn one_way_is_no_circle() {
        let tree = Tree::of(&[
            (
                "core/model/src/door/mod.rs",
                "// crate::feed would be one\nuse crate::feed::Feed;",
            ),
            ("core/model/src/door/x.rs", ""),
            (
                "core/model/src/feed/mod.rs",
                "use super::state::State; use crate::refusal;",
            ),
            (
                "core/model/src/feed/x.rs",
                "use super::super::state; use super::Feed;",
            ),
        ]);
        assert_eq!(places(&check(&tree)), [""; 0]);
    }
}
