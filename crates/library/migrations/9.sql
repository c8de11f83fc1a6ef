-- Can be rebuilt. Keys of large batches, until they are put into catalogue_key together.
create table catalogue_key_new (
    feed bigint not null,
    key text not null,
    collection text not null,
    record text not null,
    primary key (feed, key, collection, record)
) /* by key */;
-- The most used headings by a number that changes only when their uses double or more: the index is written seldom.
alter table catalogue_heading add column level bigint not null default 0;
update catalogue_heading set level = case when uses < 32 then 1 when uses < 64 then 2 when uses < 128 then 3
    when uses < 256 then 4 when uses < 512 then 5 when uses < 1024 then 6 when uses < 2048 then 7
    when uses < 4096 then 8 when uses < 16384 then 9 when uses < 65536 then 10 else 11 end where uses >= 16;
drop index catalogue_heading_uses;
create index catalogue_heading_level on catalogue_heading (feed, kind, level, key, display) where level > 0;
