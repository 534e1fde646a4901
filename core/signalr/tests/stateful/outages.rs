//! A line that is cut and stays dead for a while, as the official clients do not survive it.

use std::time::Duration;

use vestnik_signalr::protocol::Protocol;

use crate::conversation::{Conversation, MESSAGES};

async fn survives(protocol: Protocol, seconds: f64) {
    let conversation = Conversation::begin(protocol).await;
    let outage = Duration::from_secs_f64(seconds);
    let report = conversation
        .hold(async |conversation| {
            conversation.reached(MESSAGES as usize).await;
            conversation.proxy.refuse(true);
            conversation.proxy.cut().await;
            tokio::time::sleep(outage).await;
            conversation.proxy.refuse(false);
        })
        .await;
    let name = protocol.name();
    println!("stateful ours {name}: outage {seconds} s, {report}");
    assert!(report.is_whole() && report.cuts == 1, "{report:?}");
}

#[tokio::test]
async fn outages_of_a_fifth_of_a_second_of_two_and_of_ten_are_survived() {
    let [json, message_pack] = [Protocol::Json, Protocol::MessagePack].map(|protocol| async move {
        tokio::join!(
            survives(protocol, 0.2),
            survives(protocol, 2.0),
            survives(protocol, 10.0)
        )
    });
    tokio::join!(json, message_pack);
}
