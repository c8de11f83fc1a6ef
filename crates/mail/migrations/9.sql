-- How far the database is, to be compared with `node/mail.mark` beside it: a number that only rises, and the chance that
-- it was written with. restored_ms: when a database was found to be older than its mark; 0 for never. Only for people.
alter table mail_state add column mark bigint not null default 0;
alter table mail_state add column mark_chance text not null default '';
alter table mail_state add column restored_ms bigint not null default 0;
-- Names of lists, shared mailboxes and further names are taken from people.
insert into people_reserved (name) select name from mail_account where id like 's-%' union select name from mail_alias;
-- Up to this change it isn't known any more which messages went.
alter table mail_mailbox add column forgotten bigint not null default 0;
-- Whether a message names a blob. Short messages aren't in it.
create index mail_content_by_blob on mail_content (blob) where blob <> '';
create index mail_task_by_message on mail_task (message);
create index mail_request_by_message on mail_request (message);
