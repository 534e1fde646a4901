-- Folded words and stems of titles and texts; its rowid is `notification.row`. It keeps no text. The
-- words are cut by this crate, so the tokenizer only splits at spaces: it takes every letter beyond
-- ASCII as part of a word.
CREATE VIRTUAL TABLE search USING fts5 (
    words,
    content = '',
    contentless_delete = 1,
    detail = 'none',
    prefix = '2 3',
    tokenize = 'ascii'
);

