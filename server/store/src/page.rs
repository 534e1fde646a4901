//! Pages of lists, and the places in them.
//!
//! A page goes on behind a place: the number of the row that was last. Rows have the order of their numbers,
//! and a number is never given twice, so a place stays one when its row is gone.

use std::{fmt, str::FromStr};

use vestnik_model::NotificationId;

/// A page of a list, by keyset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageQuery<Place> {
    /// Goes on behind this place; from the beginning when absent.
    pub after: Option<Place>,
    /// The most items.
    pub limit: u32,
}

/// A place in the list of notifications. As text: `p7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotificationPlace {
    /// The number of the notification's row.
    pub row: u64,
}

/// A place in the list of a notification's deliveries. As text: `p7_` and the notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryPlace {
    /// The notification.
    pub notification: NotificationId,
    /// The number of the user's row.
    pub user: i64,
}

/// A text is no place of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the next_cursor of a page of this list")]
pub struct ParsePlaceError;

impl fmt::Display for NotificationPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.row)
    }
}

impl FromStr for NotificationPlace {
    type Err = ParsePlaceError;

    fn from_str(text: &str) -> Result<Self, ParsePlaceError> {
        row(text).map(|row| Self { row })
    }
}

impl fmt::Display for DeliveryPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}_{}", self.user, self.notification)
    }
}

impl FromStr for DeliveryPlace {
    type Err = ParsePlaceError;

    fn from_str(text: &str) -> Result<Self, ParsePlaceError> {
        let (user, notification) = text.split_once('_').ok_or(ParsePlaceError)?;
        Ok(Self {
            notification: notification.parse().map_err(|_| ParsePlaceError)?,
            user: row(user)?.cast_signed(),
        })
    }
}

/// The number of a row: what a store can have.
fn row(text: &str) -> Result<u64, ParsePlaceError> {
    let digits = text.strip_prefix('p').ok_or(ParsePlaceError)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse::<i64>().ok().filter(|_| is_number);
    number.map(i64::unsigned_abs).ok_or(ParsePlaceError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_texts_of_their_lists() {
        let notification = "ntf_0192f0c1000070008000000000000001".parse().unwrap();
        let user = i64::MAX;
        let delivery = DeliveryPlace { notification, user };
        assert_eq!(delivery.to_string().parse(), Ok(delivery));
        let of_list = NotificationPlace { row: 0 };
        assert_eq!(of_list.to_string().parse(), Ok(of_list));
        for odd in [
            "",
            "p",
            "p+1",
            "p-1",
            "p9223372036854775808",
            "p1_x",
            "ntf_0192f0c1000070008000000000000001",
            "dlv_0192f0c1000070008000000000000001",
        ] {
            assert_eq!(
                odd.parse::<NotificationPlace>(),
                Err(ParsePlaceError),
                "{odd}"
            );
            assert_eq!(odd.parse::<DeliveryPlace>(), Err(ParsePlaceError), "{odd}");
        }
        assert!(delivery.to_string().parse::<NotificationPlace>().is_err());
        assert!("p1".parse::<DeliveryPlace>().is_err());
    }
}
