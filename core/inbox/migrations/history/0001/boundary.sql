-- Places of the log: what has `row` or a lower one is at or before `cursor`, unless it is ahead of the
-- log. One for every hundred rows or more.
CREATE TABLE boundary (
    row INTEGER PRIMARY KEY,
    cursor TEXT NOT NULL
) STRICT;
