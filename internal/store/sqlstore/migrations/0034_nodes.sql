-- The processes that serve.
create table nodes (
    id         key_text primary key,
    host       text     not null,
    version    text     not null,
    started_at bigint   not null,
    seen_at    bigint   not null
);
