//! Half of all live hints dropped at random: every delivery still arrives.

use std::sync::Arc;

use vestnik_testkit::{
    CoreDevice, LossyBus, TestServer, backend::to_user, name::user, server::Setup,
};

#[tokio::test]
async fn half_of_all_hints_are_lost_and_no_delivery_is() -> anyhow::Result<()> {
    const DEVICES: usize = 4;
    const EACH: usize = 30;
    let bus = Arc::new(LossyBus::new(2));
    let setup = Setup::default()
        .bus(bus.clone())
        .config(|config| config.delivery.recheck_millis = 300);
    let server = TestServer::with(setup).await?;
    let users: Vec<_> = (0..DEVICES).map(|n| user(&format!("user-{n}"))).collect();
    let mut devices = Vec::new();
    for (n, user) in users.iter().enumerate() {
        let name = format!("device-{n}");
        let device = CoreDevice::of(&server.backend, user, server.folder(), &name).await?;
        device.online().await?;
        devices.push((device, Vec::new()));
    }
    for n in 0..EACH {
        for (user, (_, published)) in users.iter().zip(&mut devices) {
            let request = to_user(user, &format!("number {n}"));
            published.push(server.backend.publish(&request).await?.id);
        }
    }
    for (device, published) in devices {
        device.has_shown(&published).await?;
        assert_eq!(device.stop().await?.order, published, "each, in order");
    }
    let (lost, passed) = (bus.lost(), bus.passed());
    assert!(
        lost > passed / 2,
        "only {lost} hints were lost, {passed} passed"
    );
    server.stop().await
}
