//! `vestnik send`: publishes a notification.

use std::collections::BTreeMap;

use console::style;
use jiff::Timestamp;
use vestnik_model::{
    AudienceRequest, ClickKind, ClickRequest, ContentRequest, MinVersion, Platform,
    PublishAccepted, PublishRequest, TrafficType, publish::Data, route,
};

use super::{
    audience,
    watch::{self, Waits},
};
use crate::{api::Api, args::SendArgs, clock, exit::Failure, output::Output};

pub(crate) async fn run(mut args: SendArgs, output: &Output) -> Result<(), Failure> {
    let api = Api::new(&args.server)?;
    upload(&api, &mut args, output).await?;
    let (server, is_watched) = (args.server.clone(), args.watch);
    let request = request(args, clock::now())?;
    let accepted: PublishAccepted = api.post(route::NOTIFICATIONS, &request).await?;
    output.result(&accepted, words);
    if is_watched {
        watch::run(&server, accepted.id, Waits::Always, output).await
    } else {
        watch::somebody_is_addressed(&accepted.warnings)
    }
}

/// Uploads the file of recipients, if there is one, and adds the audience to those that are sent to.
pub(super) async fn upload(api: &Api, args: &mut SendArgs, output: &Output) -> Result<(), Failure> {
    if let Some(file) = args.audience_file.take() {
        let id = audience::upload_file(api, &file, &args.form, output).await?;
        args.audiences.push(id);
    }
    Ok(())
}

fn words(accepted: &PublishAccepted) -> String {
    let how = if accepted.replayed {
        "accepted before"
    } else {
        "accepted"
    };
    format!("{} {}", style(how).green(), style(accepted.id).bold())
}

/// The request that the arguments ask for.
pub(super) fn request(args: SendArgs, now: Timestamp) -> Result<PublishRequest, Failure> {
    let to = AudienceRequest {
        users: args.users,
        emails: args.emails,
        phones: args.phones,
        installations: args.installations,
        topics: args.topics,
        audiences: args.audiences,
        exclude_users: args.exclude_users,
        devices: args.devices,
        min_app_version: min_app_version(&args.min_versions),
    };
    let notification = ContentRequest {
        title: args.title,
        body: args.body,
        image: args.image,
        category: args.category,
        traffic_type: TrafficType::default(),
        priority: args.priority,
        click: args.click.map(click),
        actions: args.actions,
        data: args.data.as_deref().map(object).transpose()?,
    };
    Ok(PublishRequest {
        to,
        notification,
        schedule: args.schedule.request(now),
        steps: (!args.steps.is_empty()).then_some(args.steps),
        error_policy: args.error_policy,
        ttl_seconds: args.ttl,
        external_id: args.external_id,
        collapse_key: args.collapse_key,
        idempotency_key: args.idempotency_key,
        ..PublishRequest::default()
    })
}

/// The oldest versions by platform; of two for one platform the last counts.
fn min_app_version(versions: &[(Platform, MinVersion)]) -> BTreeMap<String, String> {
    let versions = versions.iter();
    versions
        .map(|(platform, version)| (platform.to_string(), version.to_string()))
        .collect()
}

fn click(url: String) -> ClickRequest {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    ClickRequest {
        kind: if is_web {
            ClickKind::Link
        } else {
            ClickKind::App
        },
        url,
    }
}

fn object(text: &str) -> Result<Data, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::Usage(format!("--data: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_who_opens_it() {
        assert_eq!(click("https://a/b".to_owned()).kind, ClickKind::Link);
        assert_eq!(click("shop://a/b".to_owned()).kind, ClickKind::App);
    }

    #[test]
    fn data_must_be_an_object() {
        assert!(object("{\"a\":1}").is_ok());
        assert!(matches!(object("[1]"), Err(Failure::Usage(_))));
    }
}
