create table collection (
    id text primary key,
    title text not null,
    description text not null default '',
    language text not null default '',
    creator text not null default '',
    kind text not null,
    source text not null,
    pending text not null default '',
    folder text not null,
    origin text not null default '',
    visibility text not null default 'all',
    group_id text not null default '',
    state text not null default 'new',
    documents bigint not null default 0,
    failed bigint not null default 0,
    size_bytes bigint not null default 0,
    index_bytes bigint not null default 0,
    health text not null default '',
    health_ms bigint not null default 0,
    cover text not null default '',
    main_path text not null default '',
    run bigint not null default 0,
    sequence bigint not null,
    created_ms bigint not null,
    updated_ms bigint not null
);
create table import_error (
    collection text not null,
    item text not null,
    reason text not null,
    run bigint not null,
    primary key (collection, item)
);
