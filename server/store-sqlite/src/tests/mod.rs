//! What is SQLite's own: the schema, plans of statements, crashes between parts. What every store
//! must do is in the conformance suite.
