//! Contents of similar lengths become equally long.

/// The length of a padded content is a multiple of this.
pub(crate) const BUCKET: usize = 256;
const LENGTH: usize = size_of::<u32>();

/// How long a content is when it is padded.
pub(crate) const fn padded_bytes(content: usize) -> usize {
    (LENGTH + content).next_multiple_of(BUCKET)
}

/// Appends a padded content. The caller bounds the content.
pub(crate) fn pad(content: &[u8], to: &mut Vec<u8>) {
    let end = to.len() + padded_bytes(content.len());
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    to.extend(length.to_be_bytes());
    to.extend(content);
    to.resize(end, 0);
}

/// The content; `None` if this was not made by [`pad`].
pub(crate) fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let (length, rest) = padded.split_first_chunk::<LENGTH>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (content, zeros) = rest.split_at_checked(length)?;
    let is_whole = padded.len() == padded_bytes(length) && zeros.iter().all(|byte| *byte == 0);
    is_whole.then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(content: &[u8]) -> Vec<u8> {
        let mut padded = Vec::new();
        pad(content, &mut padded);
        padded
    }

    #[test]
    fn lengths_are_rounded_up_and_contents_come_back() {
        for (length, bytes) in [(0, 256), (1, 256), (252, 256), (253, 512), (508, 512)] {
            let content = vec![7; length];
            let found = padded(&content);
            assert_eq!(found.len(), bytes, "{length}");
            assert_eq!(unpad(&found), Some(&*content), "{length}");
        }
    }

    #[test]
    fn what_was_not_padded_is_refused() {
        let whole = padded(b"abc");
        let mut too_long = whole.clone();
        too_long[..LENGTH].copy_from_slice(&u32::MAX.to_be_bytes());
        let mut dirty = whole.clone();
        *dirty.last_mut().unwrap() = 1;
        for wrong in [
            &[][..],
            &whole[..3],
            &whole[..200],
            &too_long,
            &dirty,
            &[0; 512],
        ] {
            assert_eq!(unpad(wrong), None);
        }
    }
}
