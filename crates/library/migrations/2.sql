-- Can be rebuilt from the feeds: the newest version of each record. version is its index in the feed (of a withdrawn one,
-- that of the withdrawal). sort_title is folded text as UTF-8, compared by bytes on both databases.
-- year is 0 where it is unknown. match_keys and headings are the rows of the two tables below, one a line.
create table catalogue_record (
    feed bigint not null,
    collection text not null,
    id text not null,
    version bigint not null,
    state text not null,
    title text not null,
    sort_title bytea not null,
    author text not null,
    year bigint not null,
    language text not null,
    kind text not null,
    scheme text not null,
    by_name text not null,
    published_ms bigint not null,
    reason text not null,
    match_keys text not null,
    headings text not null,
    primary key (feed, collection, id)
);
create index catalogue_record_title on catalogue_record (feed, collection, state, sort_title, id);
create index catalogue_record_published on catalogue_record (feed, collection, published_ms, id);
-- Can be rebuilt. key is such as isbn:9780201616224.
create table catalogue_key (
    feed bigint not null,
    key text not null,
    collection text not null,
    record text not null,
    primary key (feed, key, collection, record)
) /* by key */;
-- Can be rebuilt. How many living records use a heading.
create table catalogue_heading (
    feed bigint not null,
    kind text not null,
    key bytea not null,
    display text not null,
    uses bigint not null,
    primary key (feed, kind, key, display)
) /* by key */;
-- Not published yet: record is empty for one that is not there yet, base_version -1.
create table catalogue_draft (
    id text primary key,
    collection text not null,
    record text not null,
    base_version bigint not null,
    work text not null,
    title text not null,
    person text not null,
    state text not null,
    comment text not null,
    updated_ms bigint not null
);
create index catalogue_draft_person on catalogue_draft (person, updated_ms, id);
create index catalogue_draft_state on catalogue_draft (state, updated_ms, id);
