-- What happened to users. Who was created is told by the user, so that the first import
-- of a directory writes nothing more; 0 is before this was kept.
alter table users add column created_at bigint not null default 0;

create table user_changes (
    user_id key_text not null,
    id      key_text not null,
    at      bigint   not null,
    kind    text     not null,
    actor   text     not null,
    content text     not null,
    primary key (user_id, id)
);
create index user_changes_by_moment on user_changes (at);

-- Since when this is kept, in microseconds.
insert into counters (name, value) values ('history', 0);
