-- Which mailboxes of others (shared ones, archives of lists) a person's programs show, where the person said so.
create table mail_subscription (
    account text not null references mail_account (id) on delete cascade,
    mailbox bigint not null references mail_mailbox (id) on delete cascade,
    subscribed bigint not null,
    primary key (account, mailbox)
);
