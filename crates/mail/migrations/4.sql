-- Letters being written, waiting to be sent, or not sendable. What is in them is sealed.
-- state: draft, waiting, sending, failed. wait_s: how long it can be taken back.
create table mail_letter (
    id text primary key,
    account text not null references mail_account (id) on delete cascade,
    state text not null,
    wait_s bigint not null,
    changed_ms bigint not null,
    error text not null,
    content bytea not null
);
create index mail_letter_by_account on mail_letter (account);
create index mail_letter_by_state on mail_letter (state);
create table mail_letter_file (
    id text primary key,
    letter text not null references mail_letter (id) on delete cascade,
    position bigint not null,
    name text not null,
    media_type text not null,
    size_bytes bigint not null,
    content_id text not null
);
create index mail_letter_file_by_letter on mail_letter_file (letter);
create table mail_letter_piece (
    file text not null references mail_letter_file (id) on delete cascade,
    number bigint not null,
    content bytea not null,
    primary key (file, number)
);
-- Whom somebody wrote to.
create table mail_contact (
    account text not null references mail_account (id) on delete cascade,
    address text not null,
    name text not null,
    used bigint not null,
    last_ms bigint not null,
    primary key (account, address)
);
create table mail_preference (
    account text primary key references mail_account (id) on delete cascade,
    signature text not null,
    undo_s bigint not null,
    vacation bigint not null,
    vacation_subject text not null,
    vacation_text text not null
);
create table mail_rule (
    id text primary key,
    account text not null references mail_account (id) on delete cascade,
    position bigint not null,
    field text not null,
    words text not null,
    action text not null,
    target text not null
);
create index mail_rule_by_account on mail_rule (account);
-- Who has been told that somebody is away.
create table mail_vacation (
    account text not null references mail_account (id) on delete cascade,
    address text not null,
    sent_ms bigint not null,
    primary key (account, address)
);
