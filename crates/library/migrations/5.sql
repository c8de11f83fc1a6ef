-- What the desk's statistics count, kept beside what they are counted of. `has` is a set of bits (see
-- catalogue/tally.rs); -1 is a record that was never counted: `lampion feed rebuild` counts it.
alter table catalogue_record add column has bigint not null default -1;
-- Can be rebuilt. Living records of a collection by language and kind, and how many of them have what.
create table catalogue_tally (
    feed bigint not null,
    collection text not null,
    language text not null,
    kind text not null,
    records bigint not null,
    title bigint not null,
    creator bigint not null,
    subject bigint not null,
    language_known bigint not null,
    year bigint not null,
    identifier bigint not null,
    summary bigint not null,
    cover bigint not null,
    file bigint not null,
    primary key (feed, collection, language, kind)
);
-- Can be rebuilt. Living records by who published their newest version, and in which week (Mondays since 1970).
create table catalogue_done (
    feed bigint not null,
    collection text not null,
    week bigint not null,
    by_name text not null,
    records bigint not null,
    primary key (feed, collection, week, by_name)
);
-- Many records at once: an edit, its undoing, an import. operation and selection are JSON.
create table catalogue_batch (
    id text primary key,
    collection text not null,
    kind text not null,
    by_name text not null,
    office text not null,
    operation text not null,
    selection text not null,
    note text not null,
    undoes text not null,
    state text not null,
    place text not null,
    total bigint not null,
    seen bigint not null,
    added bigint not null,
    changed bigint not null,
    unchanged bigint not null,
    matched bigint not null,
    failed bigint not null,
    sequence bigint not null,
    created_ms bigint not null
);
create index catalogue_batch_collection on catalogue_batch (collection, sequence);
-- Each record of it. before and after are versions, -1 for none; place is where it lay in an imported file.
create table catalogue_batch_record (
    batch text not null,
    item text not null,
    record text not null,
    before bigint not null,
    after bigint not null,
    result text not null,
    reason text not null,
    place text not null,
    primary key (batch, item)
);
create index catalogue_batch_record_result on catalogue_batch_record (batch, result, item);
-- Two records that share a key and are not of one work all the same; a is the smaller identifier.
create table catalogue_apart (
    collection text not null,
    a text not null,
    b text not null,
    primary key (collection, a, b)
);
-- A record that was withdrawn as a duplicate, and the one that was kept.
create table catalogue_superseded (
    collection text not null,
    record text not null,
    kept text not null,
    primary key (collection, record)
);
-- What readers looked for in vain, at least five times within one process and week. Never who or when exactly.
create table failed_search (
    words text not null,
    week bigint not null,
    in_vain bigint not null,
    loosened bigint not null,
    primary key (words, week)
);
create index failed_search_week on failed_search (week);
-- Words that a librarian has dealt with, and until when they are not shown again.
create table failed_search_dismissed (
    words text primary key,
    until_week bigint not null
);
-- Reading lists and shelves. visibility: private, link (whoever knows the address), public.
create table reading_list (
    id text primary key,
    title text not null,
    description text not null,
    visibility text not null,
    person text not null,
    by_name text not null,
    cover text not null,
    items bigint not null,
    sequence bigint not null,
    created_ms bigint not null,
    updated_ms bigint not null
);
create index reading_list_person on reading_list (person, sequence);
create index reading_list_visibility on reading_list (visibility, sequence);
create table reading_list_item (
    list text not null,
    id text not null,
    position bigint not null,
    collection text not null,
    document text not null,
    note text not null,
    primary key (list, id)
);
create index reading_list_item_position on reading_list_item (list, position);
