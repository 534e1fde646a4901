//! What fuzzing has found interesting once, and some of anything, on every run.
#![allow(clippy::unwrap_used, reason = "all of this is a test")]

use std::{fs, path::Path};

use proptest::{collection::vec, prelude::any, test_runner::TestRunner};
use vestnik_fuzz::TARGETS;

#[test]
fn the_corpus_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, target) in TARGETS {
        let entries = fs::read_dir(corpus.join(name)).unwrap();
        let mut count = 0;
        for entry in entries {
            target(&fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count >= 3, "{name} has a corpus");
    }
}

#[test]
fn anything_holds() {
    for (name, target) in TARGETS {
        let mut runner = TestRunner::default();
        let outcome = runner.run(&vec(any::<u8>(), 0..256), |data| {
            target(&data);
            Ok(())
        });
        assert_eq!(outcome, Ok(()), "{name}");
    }
}
