//! Many cuts, each after so many messages.

use vestnik_signalr::protocol::Protocol;

use crate::conversation::{Conversation, MESSAGES};

const CUTS: usize = 20;

async fn survives(protocol: Protocol) {
    let conversation = Conversation::begin(protocol).await;
    let report = conversation.hold(cut_often).await;
    println!("stateful ours {}: {CUTS} cuts, {report}", protocol.name());
    assert!(report.is_whole() && report.cuts == CUTS, "{report:?}");
}

async fn cut_often(conversation: &Conversation) {
    for cut in 1..=CUTS {
        let total = 2 * MESSAGES as usize * cut / (CUTS + 1);
        conversation.reached(total).await;
        conversation.proxy.cut().await;
    }
}

#[tokio::test]
async fn twenty_cuts_are_survived_in_each_protocol() {
    tokio::join!(survives(Protocol::Json), survives(Protocol::MessagePack));
}
