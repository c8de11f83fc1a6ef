-- Messages on their way to others, one row for each recipient. sender is empty for reports. route is `smarthost` or
-- `node NAME`. Ages are counted in seconds that this node ran (age_s), and those of them after which the route answered
-- (up_s); pause_s is left until the next try. arrived_ms is only shown.
create table mail_queue (
    id text primary key,
    message bigint not null,
    sender text not null,
    recipient text not null,
    route text not null,
    notify bigint not null,
    original text not null,
    full_return bigint not null,
    envelope_id text not null,
    automatic bigint not null,
    utf8 bigint not null,
    eight_bit bigint not null,
    arrived_ms bigint not null,
    age_s bigint not null default 0,
    up_s bigint not null default 0,
    pause_s bigint not null default 0,
    tries bigint not null default 0,
    noticed bigint not null default 0,
    said text not null default ''
);
create index mail_queue_by_route on mail_queue (route, pause_s);
create index mail_queue_by_message on mail_queue (message);
-- What was filed to Sent when it was sent, by a hash of its Message-ID: a program that files it again gets the same.
create table mail_sent (
    account text not null,
    hash text not null,
    message bigint not null,
    primary key (account, hash)
);
create index mail_sent_by_message on mail_sent (message);
