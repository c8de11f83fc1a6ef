-- What mail programs keep beside mailboxes (RFC 5464); mailbox 0 is the server itself.
create table mail_metadata (
    account text not null references mail_account (id) on delete cascade,
    mailbox bigint not null,
    entry text not null,
    value bytea not null,
    primary key (account, mailbox, entry)
) /* by key */;
