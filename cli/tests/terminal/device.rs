//! `vestnik listen` in a folder that was another user's (row 3 of the reports).

use crate::world::{World, result};

#[test]
fn the_next_user_of_a_folder_sees_their_own_and_nothing_else() {
    let world = World::new(&[]);
    let server = world.serve("127.0.0.1:0");
    let url = &server.url;
    let send = |user: &str, title: &str| {
        let mut send = world.sender(url, &["--json", "send", "--user", user, title]);
        result(&send.output().unwrap())
    };
    let mut anna = world.go_online(url, "anna");
    send("anna", "private, printed");
    assert!(anna.prints().contains("private, printed"));
    anna.leave();
    send("anna", "private, missed");

    let mut boris = world.go_online(url, "boris");
    send("anna", "private, live");
    send("boris", "for Boris");
    let printed = boris.prints();
    assert!(printed.contains("for Boris"), "{printed}");
    boris.leave();
}
