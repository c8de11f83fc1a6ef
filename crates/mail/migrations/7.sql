-- For how many days messages that programs delete are kept; no row means not at all.
create table mail_keep (
    account text primary key references mail_account (id) on delete cascade,
    days bigint not null
);
-- Up to which UID of a mailbox of kept messages were kept by which time of the node.
create table mail_kept (
    mailbox bigint not null references mail_mailbox (id) on delete cascade,
    uid bigint not null,
    elapsed_ms bigint not null,
    primary key (mailbox, uid)
);
-- From where an account took mail: another server (its address), or the job of an import from files. secret is sealed
-- and empty but while a job needs it.
create table mail_source (
    id text primary key,
    account text not null references mail_account (id) on delete cascade,
    source text not null,
    secret bytea not null,
    unique (account, source)
);
-- Which of its messages came: in files their place, on a server their UID.
create table mail_source_item (
    source text not null references mail_source (id) on delete cascade,
    folder text not null,
    validity bigint not null,
    item bigint not null,
    message bigint not null,
    primary key (source, folder, validity, item)
) /* by key */;
