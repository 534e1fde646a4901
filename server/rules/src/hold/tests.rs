use super::*;

#[test]
fn each_opt_out_and_block_has_its_reason() {
    for (opt_out, reason) in [
        (OptOut::All, Reason::OptoutAll),
        (OptOut::Category, Reason::OptoutCategory),
        (OptOut::Topic, Reason::OptoutTopic),
    ] {
        assert_eq!(opt_out.reason(), reason);
    }
    for (block, reason) in [
        (Block::Os, Reason::BlockedOs),
        (Block::App, Reason::BlockedApp),
        (Block::Channel, Reason::BlockedChannel),
    ] {
        assert_eq!(block.reason(), reason);
    }
}

#[test]
fn a_device_that_may_show_nothing_says_why() {
    for (permission, block) in [
        (Permission::Denied, Some(Block::Os)),
        (Permission::SwitchedOff, Some(Block::App)),
        (Permission::Unknown, None),
        (Permission::NotAsked, None),
        (Permission::Granted, None),
        (Permission::Provisional, None),
    ] {
        assert_eq!(Block::of(permission), block, "{permission:?}");
    }
}
