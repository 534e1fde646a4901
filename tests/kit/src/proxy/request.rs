//! Where an HTTP/1.1 request ends (RFC 9112, section 6).

const END_OF_HEADERS: &[u8] = b"\r\n\r\n";

/// Whether the bytes hold a whole request: its headers, and as many bytes of content as they name.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let end = bytes
        .windows(END_OF_HEADERS.len())
        .position(|window| window == END_OF_HEADERS);
    end.is_some_and(|end| {
        let content = bytes.len() - end - END_OF_HEADERS.len();
        content >= content_length(&bytes[..end])
    })
}

fn content_length(headers: &[u8]) -> usize {
    let headers = String::from_utf8_lossy(headers);
    let mut lengths = headers.lines().rev().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    lengths.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_whole_with_its_last_byte() {
        let request = b"POST /v1 HTTP/1.1\r\ncontent-length: 4\r\n\r\nbody";
        for end in 0..request.len() {
            assert!(!is_whole(&request[..end]), "{end}");
        }
        assert!(is_whole(request));
        assert!(is_whole(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
}
