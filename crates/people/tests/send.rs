//! Every call can be awaited on any thread: handlers need that.

use lampion_people::{LinkPurpose, People, PeopleError, Role, Session};

fn sendable<T: Send>(_: T) {}

#[expect(dead_code, reason = "compiling it is the test")]
fn all(people: &People, session: &Session) {
    let client = std::net::IpAddr::from([127, 0, 0, 1]);
    sendable(people.create("", "", None, &[Role::Member]));
    sendable(people.set_password("", ""));
    sendable(people.set_roles("", &[]));
    sendable(people.set_disabled("", true));
    sendable(people.delete(""));
    sendable(people.add_to_group("", ""));
    sendable(people.sign_in("", "", client));
    sendable(people.change_password(session, "", "", client));
    sendable(people.session(""));
    sendable(people.sign_out_all(""));
    sendable(people.create_app_password("", ""));
    sendable(people.verify_app_password("", "", client));
    sendable(people.create_link(&LinkPurpose::FirstStart, 0));
    sendable(people.finish_first_start("", "", "", ""));
    sendable(people.reset_password_by_link("", ""));
}

#[test]
fn errors_and_people_cross_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<People>();
    shared::<PeopleError>();
}
