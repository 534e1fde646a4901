//! The tray's icon, with how much is unread drawn into its corner: a Linux tray has no other place
//! to show a number.

use tauri::{image::Image, include_image};

/// What stands in the corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Badge {
    /// Up to nine, as they are.
    Digit(u8),
    /// More: `9+`.
    Many,
}

impl Badge {
    /// The badge for a number of unread notifications; none for zero.
    pub(super) fn of(count: u64) -> Option<Self> {
        match u8::try_from(count) {
            Ok(0) => None,
            Ok(digit @ 1..=9) => Some(Self::Digit(digit)),
            Ok(_) | Err(_) => Some(Self::Many),
        }
    }
}

/// The icon without a badge.
pub(super) fn plain() -> Image<'static> {
    include_image!("icons/64x64.png")
}

/// The icon with a badge.
pub(super) fn with_badge(badge: Badge) -> Image<'static> {
    let base = plain();
    let mut canvas = Canvas {
        pixels: base.rgba().to_vec(),
        width: base.width(),
    };
    canvas.disc();
    match badge {
        Badge::Digit(digit) => canvas.glyph(DIGITS[usize::from(digit)], (37, 32), 5),
        Badge::Many => {
            canvas.glyph(DIGITS[9], (31, 35), 4);
            canvas.glyph(PLUS, (47, 35), 4);
        }
    }
    Image::new_owned(canvas.pixels, base.width(), base.height())
}

const RED: [u8; 4] = [0xc8, 0x36, 0x2b, 0xff];
const WHITE: [u8; 4] = [0xff, 0xff, 0xff, 0xff];

/// The badge's disc in the icon of 64 by 64 pixels.
const CENTRE: (i32, i32) = (44, 44);
const RADIUS: i32 = 19;

/// Glyphs of three by five cells, a row each, the left cell in the highest of three bits.
type Glyph = [u8; 5];

const DIGITS: [Glyph; 10] = [
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b010, 0b110, 0b010, 0b010, 0b111],
    [0b111, 0b001, 0b111, 0b100, 0b111],
    [0b111, 0b001, 0b111, 0b001, 0b111],
    [0b101, 0b101, 0b111, 0b001, 0b001],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b100, 0b111, 0b101, 0b111],
    [0b111, 0b001, 0b010, 0b010, 0b010],
    [0b111, 0b101, 0b111, 0b101, 0b111],
    [0b111, 0b101, 0b111, 0b001, 0b111],
];
const PLUS: Glyph = [0b000, 0b010, 0b111, 0b010, 0b000];

struct Canvas {
    pixels: Vec<u8>,
    width: u32,
}

impl Canvas {
    fn disc(&mut self) {
        for y in CENTRE.1 - RADIUS..=CENTRE.1 + RADIUS {
            for x in CENTRE.0 - RADIUS..=CENTRE.0 + RADIUS {
                let (dx, dy) = (x - CENTRE.0, y - CENTRE.1);
                if dx * dx + dy * dy <= RADIUS * RADIUS {
                    self.dot(x, y, RED);
                }
            }
        }
    }

    fn glyph(&mut self, glyph: Glyph, corner: (i32, i32), scale: i32) {
        for (row, y) in glyph
            .into_iter()
            .zip((corner.1..).step_by(scale.unsigned_abs() as usize))
        {
            for (column, x) in (0..3).zip((corner.0..).step_by(scale.unsigned_abs() as usize)) {
                if row & (0b100 >> column) != 0 {
                    self.square(x, y, scale);
                }
            }
        }
    }

    fn square(&mut self, left: i32, top: i32, size: i32) {
        for y in top..top + size {
            for x in left..left + size {
                self.dot(x, y, WHITE);
            }
        }
    }

    fn dot(&mut self, x: i32, y: i32, colour: [u8; 4]) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        let start = (y * self.width as usize + x) * 4;
        if let Some(pixel) = self.pixels.get_mut(start..start + 4) {
            pixel.copy_from_slice(&colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_become_badges() {
        assert_eq!(Badge::of(0), None);
        assert_eq!(Badge::of(1), Some(Badge::Digit(1)));
        assert_eq!(Badge::of(9), Some(Badge::Digit(9)));
        assert_eq!(Badge::of(10), Some(Badge::Many));
        assert_eq!(Badge::of(u64::MAX), Some(Badge::Many));
    }

    #[test]
    fn badges_differ_from_each_other_and_from_none() {
        let mut pictures: Vec<_> = (1..=9)
            .map(Badge::Digit)
            .chain([Badge::Many])
            .map(|badge| with_badge(badge).rgba().to_vec())
            .collect();
        pictures.push(plain().rgba().to_vec());
        pictures.sort();
        pictures.dedup();
        assert_eq!(pictures.len(), 11);
    }
}
