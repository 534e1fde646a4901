//! `vestnik demo`: a server, three devices, a push service, a mail server and a courier, on this machine only.
//!
//! Anna has a phone and a laptop, Boris a phone. The courier publishes order statuses to each and
//! announcements to a topic; Anna's laptop rides into a tunnel, and catches up when it is out; Boris's
//! phone sleeps, and is reached through the simulator of a push service. Vera has no device: the cascade
//! goes on to a letter.

mod device;
mod outside;
mod post_office;
mod relay;
mod story;
mod summary;
mod world;

use crate::{args::DemoArgs, clock, exit::Failure, output::Output};

pub(crate) async fn run(args: DemoArgs, output: &Output) -> Result<(), Failure> {
    let started = clock::instant();
    let world = world::World::start().await?;
    let told = story::tell(&world, args.orders, output).await;
    let stopped = world.stop().await;
    let summary = told?.took(started.elapsed());
    stopped?;
    output.result(&summary, summary::Summary::words);
    summary.verdict()
}
