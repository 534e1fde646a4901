use proptest::prelude::*;
use serde_json::{Value, json};
use vestnik_model::{
    FieldCode, FileFault, RecipientField,
    audience_file::{NewAudienceFile, Shape},
};

use super::{reader::MAX_UNCLOSED, *};

const MOST: u64 = 1_000_000;

fn shape(csv: &Value) -> Shape {
    let request = json!({"name": "a", "format": "csv", "csv": csv});
    let request = serde_json::from_value(request).unwrap();
    NewAudienceFile::parse(request).unwrap().shape
}

fn csv() -> Shape {
    shape(&json!({"columns": {"user": "id", "phone": "tel"}}))
}

/// What a file comes to that arrives in these pieces; between two of them the reader is stored and made
/// anew.
fn read(shape: &Shape, pieces: &[&[u8]], most: u64) -> (Batch, State, Result<(), FileFault>) {
    let (mut batch, mut state) = (Batch::default(), State::default());
    for piece in pieces {
        let mut reader = Reader::new(shape.clone(), stored(state), most);
        let pushed = reader.push(piece, &mut batch);
        state = reader.into_state();
        if pushed.is_err() {
            return (batch, state, pushed);
        }
        assert!(state.rest.len() < MAX_LINE_BYTES, "what is kept is bounded");
    }
    let mut reader = Reader::new(shape.clone(), stored(state), most);
    let finished = reader.finish(&mut batch);
    (batch, reader.into_state(), finished)
}

fn stored(state: State) -> State {
    let json = serde_json::to_string(&state).unwrap();
    let mut read: State = serde_json::from_str(&json).unwrap();
    (read.offset, read.rest) = (state.offset, state.rest);
    read
}

fn whole(shape: &Shape, file: &[u8]) -> Batch {
    let (batch, state, finished) = read(shape, &[file], MOST);
    assert_eq!(finished, Ok(()));
    assert_eq!(state.offset, file.len() as u64);
    batch
}

fn names(batch: &Batch) -> Vec<(u64, String)> {
    let named = batch.good.iter().map(|line| {
        let name = match &line.recipient {
            Recipient::User(user) => user.to_string(),
            Recipient::Phone(phone) => phone.as_str().to_owned(),
            Recipient::Email(email) => email.to_string(),
            Recipient::Installation(id) => id.to_string(),
        };
        (line.number, name)
    });
    named.collect()
}

fn faults(batch: &Batch) -> Vec<(u64, FieldCode)> {
    let faults = batch.bad.iter();
    faults
        .map(|problem| (problem.line, problem.code.known().unwrap()))
        .collect()
}

#[test]
fn lines_of_a_spreadsheet_are_read_as_people_write_them() {
    let file = "\u{feff}Name,ID,tel\r\n\
        \"Pavlova, Anna\",anna,\r\n\
        \r\n\
        \"Bert\r\nof two \"\"lines\"\"\",bert,\r\n\
        Eve,, +49 30 123-456 \r\n\
        Max,,+49 (0)30 12-34-57\r\n\
        Ute,,0049 30 123458";
    let batch = whole(&csv(), file.as_bytes());
    let expected = [
        (2, "anna"),
        (4, "bert"),
        (6, "+4930123456"),
        (7, "+4930123457"),
        (8, "+4930123458"),
    ];
    let expected = expected.map(|(line, name)| (line, name.to_owned()));
    assert_eq!(names(&batch), expected);
    assert_eq!(batch.bad, []);
}

#[test]
fn a_fault_is_that_of_its_line() {
    let mut file = b"id,tel\nanna,\n,\nbert,+4930123456\n,12\n\xff\xfe,\neve\n".to_vec();
    file.extend_from_slice(b"\"never closed,\nmax,\n");
    let batch = whole(&csv(), &file);
    assert_eq!(
        faults(&batch),
        [
            (3, FieldCode::Missing),
            (4, FieldCode::NotAllowed),
            (5, FieldCode::Malformed),
            (6, FieldCode::Malformed),
            (8, FieldCode::Malformed),
        ]
    );
    assert_eq!(batch.bad[2].field, Some(RecipientField::Phone.into()));
    let named = names(&batch).into_iter().map(|(line, _)| line);
    assert_eq!(named.collect::<Vec<_>>(), [2, 7, 9]);
}

#[test]
fn a_line_that_is_too_long_costs_itself_only() {
    let long = "x".repeat(3 * MAX_LINE_BYTES);
    let file = format!(
        "id\nanna\n{long}\nbert\n\"{}eve",
        "y\n".repeat(MAX_LINE_BYTES)
    );
    let (batch, _, _) = read(
        &shape(&json!({"columns": {"user": 1}})),
        &[file.as_bytes()],
        MOST,
    );
    assert_eq!(batch.bad[0].line, 3);
    assert_eq!(batch.bad[0].code, FieldCode::TooLong);
    // The line with the quote, and none of those that it would have taken with it.
    assert_eq!(faults(&batch)[1..], [(5, FieldCode::Malformed)]);
    assert_eq!(batch.good.len(), 3 + MAX_LINE_BYTES - 1);
    let last = names(&batch).pop().unwrap();
    assert_eq!(last, (5 + MAX_LINE_BYTES as u64, "eve".to_owned()));
}

/// Each line closes the quote of the one before, if that is read as one, and opens its own.
#[test]
fn a_file_of_quotes_that_are_never_closed_is_no_csv() {
    let lines = |count: usize| format!("id,tel\n{}", "x\",\"\n".repeat(count));
    let most = MAX_UNCLOSED as usize;
    let good = format!("{}anna,\n{}", lines(most), "bert,\n".repeat(2_000));
    let (batch, _, read_whole) = read(&csv(), &[good.as_bytes()], MOST);
    assert_eq!(read_whole, Ok(()));
    assert_eq!((batch.bad.len(), batch.good.len()), (most, 2_001));
    let hostile = lines(2 * most);
    let hostile = format!("{hostile}{}", "bert,\n".repeat(2_000));
    for pieces in [1, 7, hostile.len()] {
        let pieces: Vec<_> = hostile.as_bytes().chunks(hostile.len() / pieces).collect();
        let (batch, _, refused) = read(&csv(), &pieces, MOST);
        assert_eq!(refused, Err(FileFault::QuotesUnclosed));
        assert_eq!(batch.bad.len(), most);
    }
}

#[test]
fn objects_name_a_recipient_in_one_way() {
    let file = br#"{"user":"anna"}
{"phone":"+4930123456","email":null}

{"email":"anna@shop.example"}
{"installation":"ins_00000000000000000000000000000001"}
{"user":"anna","email":"anna@shop.example"}
{"user":7}
{"users":"anna"}
["anna"]
{}
{"email":"@"}
{"installation":"anna"}
{"user":"anna","user":"bert"}
{"email":null,"email":"anna@shop.example"}"#;
    let batch = whole(&Shape::Ndjson, file);
    let lines: Vec<_> = batch.good.iter().map(|line| line.number).collect();
    assert_eq!(lines, [1, 2, 4, 5]);
    assert_eq!(
        faults(&batch),
        [
            (6, FieldCode::NotAllowed),
            (7, FieldCode::Malformed),
            (8, FieldCode::Unknown),
            (9, FieldCode::Malformed),
            (10, FieldCode::Missing),
            (11, FieldCode::Malformed),
            (12, FieldCode::Malformed),
            (13, FieldCode::NotAllowed),
            (14, FieldCode::NotAllowed),
        ]
    );
}

#[test]
fn no_problem_repeats_a_value() {
    let (phone, email) = ("+4930abc4711", "anna.secret@@shop");
    let file = format!(
        "{{\"phone\":\"{phone}\"}}\n{{\"email\":\"{email}\"}}\n{{\"{email}\":1}}\n{{\"user\":[\"{email}\"]}}\n{email}"
    );
    let batch = whole(&Shape::Ndjson, file.as_bytes());
    assert_eq!(batch.bad.len(), 5);
    let said = serde_json::to_string(&batch.bad).unwrap();
    for part in ["4711", "secret", "abc"] {
        assert!(!said.contains(part), "{said}");
    }
}

#[test]
fn a_file_without_its_columns_cannot_be_used() {
    #[track_caller]
    fn check(shape: &Shape, file: &str, expected: Result<(), FileFault>) {
        assert_eq!(read(shape, &[file.as_bytes()], MOST).2, expected);
    }
    check(&csv(), "id,mail\nanna,\n", Err(FileFault::ColumnsMissing));
    check(&csv(), "", Err(FileFault::ColumnsMissing));
    check(&csv(), "id,tel\n", Ok(()));
    let repeated = Err(FileFault::ColumnsRepeated);
    check(&csv(), "id,tel, ID\nanna,,bert\n", repeated);
    check(&csv(), "id,tel,note,note\n", Ok(()));
    let open = "\"id,tel\nanna,\n";
    check(&csv(), open, Err(FileFault::HeaderMalformed));
    let names = shape(&json!({}));
    check(&names, "first,Email\n", Ok(()));
    check(&names, "first,mail\n", Err(FileFault::ColumnsMissing));
    check(&names, "email,user,Email\n", repeated);
    let numbers = shape(&json!({"has_header": false, "columns": {"user": 2}}));
    assert_eq!(whole(&numbers, b"x,anna").good[0].number, 1);
}

#[test]
fn a_file_has_at_most_so_many_lines() {
    let file = b"id,tel\nanna,\n\n,\nbert,";
    assert_eq!(read(&csv(), &[file], 3).2, Ok(()));
    let (batch, _, refused) = read(&csv(), &[file], 2);
    assert_eq!(refused, Err(FileFault::TooManyLines));
    assert_eq!(batch.good.len(), 1);
}

#[test]
fn an_upload_goes_on_where_it_is_and_until_it_is_complete() {
    let at = |state, bytes| Standing { state, bytes };
    assert!(may_append(at(AudienceFileState::Uploading, 7), 7));
    assert!(!may_append(at(AudienceFileState::Uploading, 7), 6));
    assert!(!may_append(at(AudienceFileState::Ready, 7), 7));
    assert!(!may_append(at(AudienceFileState::Failed, 7), 7));
}

#[test]
fn an_app_has_room_for_so_many_lines() {
    assert!(has_room(8, 2, 10));
    assert!(!has_room(9, 2, 10));
    assert!(has_room(11, 0, 10), "the bound was higher before");
}

#[test]
fn so_many_problems_are_kept() {
    let found = whole(&Shape::Ndjson, b"1\n2\n3").bad;
    assert_eq!(kept(0, &found, 3).len(), 3);
    assert_eq!(kept(1, &found, 3), &found[..2]);
    assert_eq!(kept(9, &found, 3), []);
}

#[test]
fn what_is_complete_is_kept_longer() {
    let keeping = Keeping {
        unfinished: SignedDuration::from_secs(1),
        ready: SignedDuration::from_secs(9),
    };
    let at = |second| Timestamp::from_second(second).unwrap();
    let expires = |state| keeping.expires_at(state, at(0));
    assert_eq!(expires(AudienceFileState::Uploading), at(1));
    assert_eq!(expires(AudienceFileState::Ready), at(9));
    assert_eq!(expires(AudienceFileState::Failed), at(9));
}

/// Pieces of lines, so that every kind of fault meets every other.
fn file() -> impl Strategy<Value = Vec<u8>> {
    let fixed = |text: &'static [u8]| Just(text.to_vec());
    let part = prop_oneof![
        4 => fixed(b"anna,\n"),
        4 => fixed(b",+4930123456\r\n"),
        2 => fixed(b"\"a\nb\",\n"),
        2 => fixed(b"\"quoted\",\r\n"),
        2 => fixed(b"\n"),
        1 => fixed(b"\""),
        1 => fixed(b"x\",\"\n"),
        1 => fixed(b"\xff,\n"),
        1 => fixed("\u{feff}".as_bytes()),
        1 => fixed(b"{\"user\":\"anna\"}\n"),
        1 => (1..3_usize).prop_map(|times| vec![b'x'; times * MAX_LINE_BYTES / 2]),
        1 => (1..3_usize).prop_map(|times| b"y\n".repeat(times * MAX_LINE_BYTES / 4)),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

/// The file in pieces that end at these places, in thousandths of it.
fn pieces<'a>(file: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = cuts.iter().map(|cut| cut * file.len() / 1_000).collect();
    places.push(file.len());
    places.sort_unstable();
    let mut start = 0;
    let mut piece = |end: usize| {
        let piece = &file[start..end];
        start = end;
        piece
    };
    places.into_iter().map(&mut piece).collect()
}

proptest! {
    #[test]
    fn no_cut_changes_what_a_file_comes_to(
        body in file(),
        is_csv in any::<bool>(),
        cuts in proptest::collection::vec(0..=1_000_usize, 0..12),
    ) {
        let shape = if is_csv { csv() } else { Shape::Ndjson };
        let file = [b"id,tel\n".as_slice(), &body].concat();
        let at_once = read(&shape, &[&file], MOST);
        let in_pieces = read(&shape, &pieces(&file, &cuts), MOST);
        prop_assert_eq!(&in_pieces, &at_once);
        prop_assert_eq!(at_once.1.rest.len(), 0);
        // Lines are read in their order, and none twice.
        let (good, bad) = (at_once.0.good.iter(), at_once.0.bad.iter());
        let mut lines: Vec<_> = good.map(|line| line.number).collect();
        prop_assert!(lines.is_sorted_by(|one, next| one < next));
        lines.extend(bad.map(|problem| problem.line));
        let count = lines.len();
        lines.sort_unstable();
        lines.dedup();
        prop_assert_eq!(lines.len(), count);
    }

    #[test]
    fn each_byte_by_itself_is_the_whole(body in proptest::collection::vec(any::<u8>(), 0..60)) {
        let bytes: Vec<_> = body.chunks(1).collect();
        let numbers = shape(&json!({"has_header": false, "columns": {"user": 1}}));
        prop_assert_eq!(read(&numbers, &bytes, MOST), read(&numbers, &[&body], MOST));
    }
}
