-- One row: where ids go on.
create table mail_state (
    id bigint primary key,
    next_id bigint not null
);
insert into mail_state (id, next_id) values (1, 1);
-- Whose mail it is: a person (the id is the person's), or a shared mailbox (s-…). uid_validity is the last one given.
-- quota_bytes -1 means the node's setting, 0 no limit.
create table mail_account (
    id text primary key,
    name text not null unique,
    uid_validity bigint not null,
    used_bytes bigint not null default 0,
    messages bigint not null default 0,
    quota_bytes bigint not null default -1
);
-- Further names under which an account receives.
create table mail_alias (
    name text primary key,
    account text not null references mail_account (id) on delete cascade
);
create index mail_alias_by_account on mail_alias (account);
create table mail_mailbox (
    id bigint primary key,
    account text not null references mail_account (id) on delete cascade,
    name text not null,
    special text not null,
    subscribed bigint not null,
    uid_validity bigint not null,
    uid_next bigint not null,
    modseq bigint not null,
    messages bigint not null,
    unseen bigint not null,
    deleted bigint not null,
    size_bytes bigint not null,
    unique (account, name)
);
-- A message, once, however many mailboxes hold it.
create table mail_message (
    id bigint primary key,
    size_bytes bigint not null,
    envelope text not null,
    preview text not null,
    structure bytea not null
);
-- Its bytes, packed and sealed; or, if blob isn't empty, the hash of the sealed blob that holds them.
create table mail_content (
    message bigint primary key references mail_message (id) on delete cascade,
    blob text not null,
    content bytea not null
);
create table mail_item (
    mailbox bigint not null references mail_mailbox (id) on delete cascade,
    uid bigint not null,
    message bigint not null,
    thread bigint not null,
    flags bigint not null,
    keywords text not null,
    modseq bigint not null,
    internal_ms bigint not null,
    saved_ms bigint not null,
    size_bytes bigint not null,
    primary key (mailbox, uid)
) /* by key */;
create index mail_item_by_modseq on mail_item (mailbox, modseq);
create index mail_item_by_message on mail_item (message);
create table mail_expunged (
    mailbox bigint not null references mail_mailbox (id) on delete cascade,
    modseq bigint not null,
    uid bigint not null,
    primary key (mailbox, modseq, uid)
) /* by key */;
-- Which thread of an account a Message-ID (by a keyed hash) belongs to.
create table mail_thread (
    account text not null references mail_account (id) on delete cascade,
    reference bigint not null,
    thread bigint not null,
    primary key (account, reference)
) /* by key */;
-- Messages that lost a holder: deleted if they have none left.
create table mail_loose (
    message bigint primary key
);
-- Who else holds a message (a queue): it isn't deleted while there is a row.
create table mail_hold (
    message bigint not null,
    holder text not null,
    primary key (message, holder)
);
