//! Makes generated Kotlin internal: the API is written by hand on top of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

/// How a declaration begins, at the beginning of a line, where the generator says nothing else of who may
/// see it.
const DECLARATIONS: [&str; 13] = [
    "abstract ",
    "class ",
    "const ",
    "data ",
    "enum ",
    "fun ",
    "inline ",
    "interface ",
    "object ",
    "open ",
    "sealed ",
    "suspend ",
    "typealias ",
];

/// How a function of the file begins: the generator annotates it in the same line. Functions of classes
/// are overrides there.
const ANNOTATED: (&str, &str) = ("::class) fun `", "::class) internal fun `");

/// Makes every Kotlin file below a folder internal.
pub(super) fn make(folder: &Path) -> Result<()> {
    let files = kotlin(folder)?;
    ensure!(!files.is_empty(), "no Kotlin was generated");
    for file in files {
        let text = fs::read_to_string(&file)?;
        fs::write(&file, internal(&text))?;
    }
    Ok(())
}

fn internal(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let declaration = line.strip_prefix("public ").unwrap_or(line);
        let is_one = DECLARATIONS
            .iter()
            .any(|word| declaration.starts_with(word));
        if is_one {
            format!("internal {declaration}\n")
        } else {
            format!("{}\n", line.replace(ANNOTATED.0, ANNOTATED.1))
        }
    });
    lines.collect()
}

fn kotlin(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(kotlin(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "kt") {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anyone_could_see_is_internal() {
        let generated = "package a\n\npublic interface X {\n    fun x()\n}\ndata class Y(\n    val y: Int\n)\nprivate class Z\ninternal object W\n    suspend fun inner()\n    @Throws(E::class) fun `f`() {\n";
        let expected = "package a\n\ninternal interface X {\n    fun x()\n}\ninternal data class Y(\n    val y: Int\n)\nprivate class Z\ninternal object W\n    suspend fun inner()\n    @Throws(E::class) internal fun `f`() {\n";
        assert_eq!(internal(generated), expected);
    }
}
