//! Two users on one device, one after the other.

use vestnik_testkit::{
    CoreDevice,
    core_device::Setup,
    hostile::{Answer, Journal, Route},
    name::user,
};

use super::{Stage, flush, history, ids, shows_exactly};

/// Fault C5 of the review.
#[tokio::test]
async fn another_user_reads_their_log_from_its_beginning() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let (kira, lena) = (user("kira"), user("lena"));
    for number in 1..=40 {
        stage.server.write_notification(&kira, number);
    }
    for number in 101..=160 {
        stage.server.write_notification(&lena, number);
    }
    let phone = stage.start_as(&kira).await?;
    phone.online().await?;
    assert_eq!(history(&phone.client).await?.len(), 40);
    phone.stop().await?;
    stage.server.log_out(&kira);
    let phone = stage.start_as(&lena).await?;
    phone.online().await?;
    assert_eq!(
        history(&phone.client).await?,
        (101..=160).collect::<Vec<_>>()
    );
    let journal = stage.journal();
    let first = journal.hellos().nth(1).cloned().unwrap_or_default();
    assert_eq!(first.get("cursor"), None, "{first}");
    Ok(())
}

/// Fault H6 of the review: the data of one user, started with the identity of another.
#[tokio::test]
async fn nobody_sees_the_history_of_another() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let (gala, hanna) = (user("gala"), user("hanna"));
    let phone = stage.start_as(&gala).await?;
    phone.online().await?;
    let private = stage.server.publish(&gala, 1).await?;
    phone.has_shown(&[private]).await?;
    phone.stop().await?;

    let phone = stage.start_as(&hanna).await?;
    phone.online().await?;
    assert_eq!(history(&phone.client).await?, [] as [u128; 0]);
    stage.server.publish(&gala, 2).await?;
    let own = stage.server.publish(&hanna, 3).await?;
    phone.has_shown(&[own]).await?;
    shows_exactly(&phone, &[3]).await
}

#[tokio::test]
async fn nothing_of_a_former_user_is_reported_or_kept() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    stage.server.always(Route::Report, Answer::error("later"));
    for number in 1..=3 {
        stage.publish_shown(&phone, number).await?;
    }
    phone.stop().await?;
    stage.server.log_out(&stage.anna);
    stage.server.behave(Route::Report);
    let lena = user("lena");
    let phone = stage.start_as(&lena).await?;
    phone.online().await?;
    let own = stage.server.publish(&lena, 9).await?;
    phone.has_shown(&[own]).await?;
    flush(&phone).await?;
    let journal = stage.journal();
    assert_eq!(journal.notifications("displayed"), [own.to_string()]);
    assert_eq!(history(&phone.client).await?, [9]);
    Ok(())
}

#[tokio::test]
async fn two_users_on_two_devices_see_their_own() -> anyhow::Result<()> {
    let (stage, phone) = Stage::online().await?;
    let lena = user("lena");
    let folder = tempfile::tempdir()?;
    let setup = Setup::hostile(&stage.server, &lena, folder.path())?;
    let other = CoreDevice::start(setup).await?;
    other.online().await?;
    for number in 1..=10 {
        stage.server.publish(&stage.anna, number).await?;
        stage.server.publish(&lena, 100 + number).await?;
    }
    phone.has_shown(&ids(1..=10)).await?;
    other.has_shown(&ids(101..=110)).await?;
    shows_exactly(&phone, &(1..=10).collect::<Vec<_>>()).await?;
    shows_exactly(&other, &(101..=110).collect::<Vec<_>>()).await
}

/// Fault H12 of the review.
#[tokio::test]
async fn what_was_accepted_before_the_login_is_quiet() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    for number in 1..=40 {
        stage.server.write_notification(&stage.anna, number);
    }
    let phone = stage.start().await?;
    phone.online().await?;
    assert_eq!(history(&phone.client).await?.len(), 40);
    stage.publish_shown(&phone, 41).await?;
    shows_exactly(&phone, &[41]).await?;
    let delivered = |journal: &Journal| journal.notifications("delivered").len() == 41;
    stage.server.has("all facts", delivered).await
}
