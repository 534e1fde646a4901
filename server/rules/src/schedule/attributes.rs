//! What an App's backend says of a user's clock, checked.

use vestnik_model::{
    FieldProblem,
    attributes::{AppSettings, QuietHoursRequest, UserAttributes, UserView},
    phone::PhoneNumber,
    problem::FieldCode,
    publish::{ZoneName, parse_end, parse_time},
};

use super::{due::QuietHours, numbering_plan::zone_of_phone, zone::zone};

/// What an App's backend says of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Their time zone.
    pub zone: Option<ZoneName>,
    /// When they want quiet.
    pub quiet: Option<QuietHours>,
    /// The zone that their telephone number belongs to, if the numbering plan says one.
    pub phone_zone: Option<ZoneName>,
}

/// The same with the telephone number, which is kept apart and sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// What decides when they are notified.
    pub attributes: Attributes,
    /// Their telephone number.
    pub phone: Option<PhoneNumber>,
}

impl Said {
    /// Checks what a backend says.
    ///
    /// # Errors
    /// Every problem found, with a pointer into the request.
    pub fn parse(request: &UserAttributes) -> Result<Self, Vec<FieldProblem>> {
        Ok(Self {
            attributes: Attributes::parse(request)?,
            phone: request.phone.clone(),
        })
    }

    /// What is shown of it: of the number the last digits.
    #[must_use]
    pub fn view(&self) -> UserView {
        let Self {
            attributes: Attributes { zone, quiet, .. },
            phone,
        } = self;
        UserView {
            time_zone: zone.as_ref().map(|zone| zone.as_str().to_owned()),
            quiet_hours: quiet.map(|quiet| {
                let (from, to) = quiet.hours();
                let text = |time: jiff::civil::Time| time.strftime("%H:%M").to_string();
                QuietHoursRequest {
                    from: text(from),
                    to: text(to),
                }
            }),
            phone: phone.as_ref().map(PhoneNumber::masked),
        }
    }
}

impl Attributes {
    /// Checks what a backend says.
    ///
    /// # Errors
    /// Every problem found, with a pointer into the request.
    pub fn parse(request: &UserAttributes) -> Result<Self, Vec<FieldProblem>> {
        let UserAttributes {
            time_zone,
            quiet_hours,
            phone,
        } = request;
        let mut problems = Vec::new();
        let zone = time_zone.as_deref().map(zone_name).transpose();
        let quiet = quiet_hours.as_ref().map(read_quiet).transpose();
        let attributes = Self {
            zone: zone
                .map_err(|problem| problems.push(problem))
                .unwrap_or_default(),
            quiet: quiet.map_err(|of| problems.extend(of)).unwrap_or_default(),
            phone_zone: phone.as_ref().and_then(zone_of),
        };
        if problems.is_empty() {
            Ok(attributes)
        } else {
            Err(problems)
        }
    }
}

/// The zone that a number belongs to.
fn zone_of(number: &PhoneNumber) -> Option<ZoneName> {
    ZoneName::parse(zone_of_phone(number.as_str())?)
}

/// Checks the settings of an App: its default zone, if it has one. Its prices are read by [`crate::cost`].
///
/// # Errors
/// Every problem found, with a pointer into the request.
pub fn parse_settings(settings: &AppSettings) -> Result<Option<ZoneName>, Vec<FieldProblem>> {
    let AppSettings {
        time_zone,
        prices: _,
    } = settings;
    let zone = time_zone.as_deref().map(zone_name).transpose();
    zone.map_err(|problem| vec![problem])
}

/// The name of a zone that there is, as the database spells it.
fn zone_name(text: &str) -> Result<ZoneName, FieldProblem> {
    let known = ZoneName::parse(text).and_then(|name| zone(name.as_str()));
    let spelt = known.and_then(|zone| ZoneName::parse(zone.iana_name()?));
    spelt.ok_or_else(|| {
        let detail = "must be the name of an IANA time zone, such as Europe/Berlin";
        FieldProblem::new("/time_zone", FieldCode::NotAllowed, detail)
    })
}

fn read_quiet(request: &QuietHoursRequest) -> Result<QuietHours, Vec<FieldProblem>> {
    let QuietHoursRequest { from, to } = request;
    let problem = |pointer: &str| {
        let detail = "must be a time of the day, such as 22:00";
        FieldProblem::new(pointer, FieldCode::Malformed, detail)
    };
    let times = (parse_time(from), parse_end(to));
    let (Some(from), Some(to)) = times else {
        let wrong = [
            (times.0.is_none(), "/quiet_hours/from"),
            (times.1.is_none(), "/quiet_hours/to"),
        ];
        let wrong = wrong.into_iter().filter(|(is_wrong, _)| *is_wrong);
        return Err(wrong.map(|(_, pointer)| problem(pointer)).collect());
    };
    QuietHours::new(from, to).ok_or_else(|| {
        let detail = "must differ from 'from': quiet hours do not last the whole day";
        vec![FieldProblem::new(
            "/quiet_hours/to",
            FieldCode::NotAllowed,
            detail,
        )]
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(value: Value) -> UserAttributes {
        serde_json::from_value(value).unwrap()
    }

    fn read(value: Value) -> Result<Attributes, Vec<String>> {
        let request = request(value);
        let pointer = |problem: FieldProblem| problem.pointer;
        Attributes::parse(&request).map_err(|problems| problems.into_iter().map(pointer).collect())
    }

    #[test]
    fn what_was_read_is_shown_as_it_is_spelt() {
        let quiet = json!({"from": "22:00", "to": "24:00"});
        let phone = "+49 30-123456";
        let said = request(json!({
            "time_zone": "europe/berlin", "quiet_hours": quiet, "phone": phone,
        }));
        let said = Said::parse(&said).unwrap();
        let quiet = json!({"from": "22:00", "to": "00:00"});
        assert_eq!(
            serde_json::to_value(said.view()).unwrap(),
            json!({"time_zone": "Europe/Berlin", "quiet_hours": quiet, "phone": "+…56"})
        );
        assert_eq!(Said::default().view(), UserView::default());
    }

    #[test]
    fn a_number_has_a_zone_where_its_plan_says_one() {
        for (number, zone) in [
            ("+4930123456", Some("Europe/Berlin")),
            ("+79161234567", None),
            ("+12125551234", None),
        ] {
            let attributes = read(json!({"phone": number})).unwrap();
            let found = attributes.phone_zone.as_ref().map(ZoneName::as_str);
            assert_eq!(found, zone, "{number}");
            assert_eq!(attributes.zone, None);
        }
    }

    #[test]
    fn every_problem_is_named() {
        for name in ["Mars/Olympus", "recipient", "Etc/Unknown", ""] {
            assert_eq!(
                read(json!({"time_zone": name})),
                Err(vec!["/time_zone".to_owned()])
            );
        }
        let quiet = json!({"from": "24:00", "to": "7"});
        let problems = read(json!({"time_zone": "x", "quiet_hours": quiet})).unwrap_err();
        assert_eq!(
            problems,
            ["/time_zone", "/quiet_hours/from", "/quiet_hours/to"]
        );
        let all_day = json!({"from": "09:00", "to": "09:00"});
        let problems = read(json!({"quiet_hours": all_day})).unwrap_err();
        assert_eq!(problems, ["/quiet_hours/to"]);
    }

    #[test]
    fn an_app_has_a_zone_that_there_is() {
        let settings = |zone: &str| AppSettings {
            time_zone: Some(zone.to_owned()),
            ..AppSettings::default()
        };
        let kathmandu = ZoneName::parse("Asia/Kathmandu");
        assert_eq!(parse_settings(&settings("asia/kathmandu")), Ok(kathmandu));
        assert_eq!(parse_settings(&AppSettings::default()), Ok(None));
        assert!(parse_settings(&settings("recipient")).is_err());
    }
}
