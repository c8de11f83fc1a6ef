-- What a person decided about senders. state: known (wrote to, or approved), blocked.
create table mail_consent (
    account text not null references mail_account (id) on delete cascade,
    sender text not null,
    state text not null,
    since_ms bigint not null,
    primary key (account, sender)
);
-- Whether a person is asked at all; whether mail programs show the mailbox of requests; which mailbox it is (0: none yet).
create table mail_consent_choice (
    account text primary key references mail_account (id) on delete cascade,
    asked bigint not null,
    shown bigint not null,
    mailbox bigint not null
);
-- Messages that wait for consent.
create table mail_request (
    account text not null references mail_account (id) on delete cascade,
    message bigint not null,
    sender text not null,
    primary key (account, message)
);
create index mail_request_by_sender on mail_request (account, sender);
