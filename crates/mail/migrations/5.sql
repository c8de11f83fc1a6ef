-- Distribution lists. The account (s-…) holds the archive (its INBOX) and what waits for a moderator (Held).
-- post: anyone, members, moderators. others: hold, refuse. joins: open, closed. archive: 1 if messages are kept.
create table mail_list (
    account text primary key references mail_account (id) on delete cascade,
    title text not null,
    description text not null,
    post text not null,
    others text not null,
    joins text not null,
    archive bigint not null,
    created_ms bigint not null
);
-- kind: person or group (member is the id), address (member is the address in lower case).
-- role: owner, moderator, member; out for a person who left although a group of theirs is a member.
-- bounces: messages that came back since the last that didn't; paused 1: gets nothing until somebody says so.
create table mail_list_member (
    list text not null references mail_list (account) on delete cascade,
    kind text not null,
    member text not null,
    role text not null,
    bounces bigint not null,
    paused bigint not null,
    since_ms bigint not null,
    primary key (list, kind, member)
);
create index mail_list_member_by_member on mail_list_member (kind, member);
-- Messages to be sent to a list's members, or (state held) to be looked at first. progress: the last step that was done.
create table mail_posting (
    message bigint not null,
    list text not null references mail_list (account) on delete cascade,
    state text not null,
    author text not null,
    known bigint not null,
    progress text not null,
    added_ms bigint not null,
    primary key (message, list)
);
create index mail_posting_by_state on mail_posting (state, added_ms);
-- Mailboxes that several people answer.
create table mail_shared (
    account text primary key references mail_account (id) on delete cascade,
    title text not null,
    created_ms bigint not null
);
-- kind: person or group. level: read, answer, manage.
create table mail_shared_member (
    shared text not null references mail_shared (account) on delete cascade,
    kind text not null,
    member text not null,
    level text not null,
    primary key (shared, kind, member)
);
create index mail_shared_member_by_member on mail_shared_member (kind, member);
-- Who answers a message, and whether it is done.
create table mail_task (
    account text not null references mail_account (id) on delete cascade,
    message bigint not null,
    assigned text not null,
    done bigint not null,
    changed_by text not null,
    changed_ms bigint not null,
    primary key (account, message)
);
