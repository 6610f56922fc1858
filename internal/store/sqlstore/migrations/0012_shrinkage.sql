-- The latest import that removed suspiciously many users; one row at most.
create table shrinkage (
    id      key_text primary key, -- users
    at      bigint   not null,
    before  bigint   not null,
    removed bigint   not null
);
