-- Mailboxes packed: what mail_item says of all UIDs below uid_end, as it was at change modseq.
create table mail_snapshot (
    mailbox bigint primary key references mail_mailbox (id) on delete cascade,
    modseq bigint not null,
    uid_end bigint not null
);
-- A piece is a range of UIDs; there is none where no message is.
create table mail_snapshot_piece (
    mailbox bigint not null references mail_snapshot (mailbox) on delete cascade,
    piece bigint not null,
    content bytea not null,
    primary key (mailbox, piece)
);
-- Names that an account's programs show although no mailbox has them any more (RFC 9051 §6.3.7).
create table mail_subscribed_name (
    account text not null references mail_account (id) on delete cascade,
    name text not null,
    primary key (account, name)
);
-- From this UID on no program has been told of a message as \Recent (RFC 3501 §2.3.2).
alter table mail_mailbox add column recent_from bigint not null default 1;
update mail_mailbox set recent_from = uid_next;
