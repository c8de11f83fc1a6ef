-- Whether the author of a message that waits for a moderator is told so: 0 is to be told, 1 was told, 2 isn't.
alter table mail_posting add column told bigint not null default 2;
-- When a list's moderators were last told that messages wait, ms since 1970.
alter table mail_list add column told_ms bigint not null default 0;
-- How long routes are usually closed, learnt from their own past, in seconds that this node ran. closed_s: for how long it
-- has been closed, -1 if it isn't. usual_s: the mean of such times, spread_s: how far from it they are; -1 as long as unknown.
create table mail_route (
    route text primary key,
    closed_s bigint not null,
    usual_s bigint not null,
    spread_s bigint not null
);
