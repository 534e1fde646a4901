//! Half of all live hints dropped at random: every delivery still arrives.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::sync::broadcast;
use vestnik_server::bus::{Bus, LocalBus};
use vestnik_store::Hint;
use vestnik_tests::{
    backend::to_user,
    device::Device,
    world::{World, user},
};

/// A bus that loses every second hint, drawn from a seed.
#[derive(Debug)]
struct LossyBus {
    bus: LocalBus,
    rng: Mutex<StdRng>,
    lost: AtomicU64,
    passed: AtomicU64,
}

impl LossyBus {
    fn new(seed: u64) -> Self {
        Self {
            bus: LocalBus::default(),
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
            lost: AtomicU64::new(0),
            passed: AtomicU64::new(0),
        }
    }

    fn passes(&self) -> bool {
        let passes = self
            .rng
            .lock()
            .expect("nobody panics while drawing")
            .random_bool(0.5);
        let counter = if passes { &self.passed } else { &self.lost };
        counter.fetch_add(1, Ordering::Relaxed);
        passes
    }
}

impl Bus for LossyBus {
    fn publish(&self, hints: Vec<Hint>) {
        self.bus
            .publish(hints.into_iter().filter(|_| self.passes()).collect());
    }

    fn subscribe(&self) -> broadcast::Receiver<Hint> {
        self.bus.subscribe()
    }
}

#[tokio::test]
async fn half_of_all_hints_are_lost_and_no_delivery_is() -> anyhow::Result<()> {
    const DEVICES: usize = 4;
    const EACH: usize = 30;
    let bus = Arc::new(LossyBus::new(2));
    let world = World::with_bus(bus.clone(), |config| config.delivery.recheck_millis = 300).await?;
    let users: Vec<_> = (0..DEVICES).map(|n| user(&format!("user-{n}"))).collect();
    let mut devices = Vec::new();
    for (n, user) in users.iter().enumerate() {
        let device = Device::of(&world, user, &format!("device-{n}")).await?;
        device.online().await?;
        devices.push((device, Vec::new()));
    }
    for n in 0..EACH {
        for (user, (_, published)) in users.iter().zip(&mut devices) {
            let request = to_user(user, &format!("number {n}"));
            published.push(world.backend.publish(&request).await?.id);
        }
    }
    for (device, published) in devices {
        device.has_shown(&published).await?;
        assert_eq!(device.stop().await?.order, published, "each, in order");
    }
    let lost = bus.lost.load(Ordering::Relaxed);
    let passed = bus.passed.load(Ordering::Relaxed);
    assert!(
        lost > passed / 2,
        "only {lost} hints were lost, {passed} passed"
    );
    world.stop().await
}
