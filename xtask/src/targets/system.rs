//! The systems that devices run, besides Linux.

use super::workspace::Package;

/// What apps of other languages embed.
pub(crate) const BINDINGS: &str = "vestnik-ffi";

/// The folder of what every device embeds.
const CORE: &str = "core";

/// What people start themselves.
const PROGRAMS: [&str; 2] = ["vestnik-desktop", "vestnik"];

/// A system that the tests do not run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Android,
    Ios,
    Macos,
    Windows,
}

impl System {
    /// How compilers name it.
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Self::Android => "aarch64-linux-android",
            Self::Ios => "aarch64-apple-ios",
            Self::Macos => "aarch64-apple-darwin",
            Self::Windows => "x86_64-pc-windows-gnu",
        }
    }

    /// What a type-check for it proves.
    pub(crate) fn proof(self) -> &'static str {
        match self {
            Self::Android | Self::Ios | Self::Macos => {
                "only type-checked (C code left out, nothing linked, nothing run)"
            }
            Self::Windows => "only type-checked (C code compiled, nothing linked, nothing run)",
        }
    }

    /// What is shipped for it.
    pub(crate) fn packages(self, workspace: &[Package]) -> Vec<String> {
        let core = workspace.iter().filter(|package| package.is_in(CORE));
        let core = core.map(|package| package.name.as_str());
        let programs: &[&str] = match self {
            Self::Android | Self::Ios => &[],
            Self::Macos | Self::Windows => &PROGRAMS,
        };
        let others = [BINDINGS].into_iter().chain(programs.iter().copied());
        core.chain(others).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_have_the_core_and_the_bindings_and_desktops_the_programs_too() {
        let workspace = [
            Package::of("vestnik-model", "core/model"),
            Package::of("vestnik-core", "core/client"),
            Package::of("vestnik-server", "server/app"),
            Package::of("vestnik", "cli"),
        ];
        let phone = ["vestnik-model", "vestnik-core", "vestnik-ffi"];
        assert_eq!(System::Android.packages(&workspace), phone);
        assert_eq!(System::Ios.packages(&workspace), phone);
        let desktop = [&phone[..], &PROGRAMS].concat();
        assert_eq!(System::Macos.packages(&workspace), desktop);
        assert_eq!(System::Windows.packages(&workspace), desktop);
    }
}
