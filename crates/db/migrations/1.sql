create table setting (
    name text primary key,
    value text not null
);
create table job (
    id text primary key,
    kind text not null,
    subject text not null,
    payload text not null,
    state text not null,
    items bigint not null default 0,
    items_total bigint not null default 0,
    bytes bigint not null default 0,
    bytes_total bigint not null default 0,
    failed bigint not null default 0,
    phase text not null default '',
    error text not null default '',
    attempts bigint not null default 0,
    not_before_ms bigint not null default 0,
    cancel bigint not null default 0,
    sequence bigint not null,
    created_ms bigint not null,
    started_ms bigint not null default 0,
    updated_ms bigint not null
);
create index job_by_state on job (state, sequence);
create index job_by_subject on job (subject, sequence);
