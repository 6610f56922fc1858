-- Who was a member of which group, and who was assigned to which application, from when
-- until when. What is so now tells itself since when, so that the first import of a
-- directory writes no more rows; 0 is since before this was kept.
alter table members add column since bigint not null default 0;
alter table members add column begun_by text not null default '';
create index members_by_moment on members (group_id, since);

alter table assignments add column since bigint not null default 0;
alter table assignments add column begun_by text not null default '';
update assignments set since = created_at;

-- What is over. The ids sort by the moment of the end.
create table past_members (
    id          key_text primary key,
    group_id    key_text not null,
    member_id   key_text not null,
    member_type text     not null, -- User or Group
    since       bigint   not null,
    until       bigint   not null,
    begun_by    text     not null,
    ended_by    text     not null
);
create index past_members_by_begin on past_members (group_id, since, id);
create index past_members_by_end on past_members (group_id, until, id);
create index past_members_by_member on past_members (member_id, until, id);

create table past_assignments (
    id               key_text primary key,
    assignment_id    key_text not null,
    application_id   key_text not null,
    application_name text     not null,
    principal_id     key_text not null,
    principal_type   text     not null, -- User or Group
    app_role_id      key_text not null,
    role_name        text     not null,
    created_at       bigint   not null,
    since            bigint   not null,
    until            bigint   not null,
    begun_by         text     not null,
    ended_by         text     not null
);
create index past_assignments_by_principal on past_assignments (principal_id, until, id);

-- What happened to groups, as it is kept of users.
alter table groups add column created_at bigint not null default 0;

create table group_changes (
    group_id key_text not null,
    id       key_text not null,
    at       bigint   not null,
    kind     text     not null,
    actor    text     not null,
    content  text     not null,
    primary key (group_id, id)
);
create index group_changes_by_moment on group_changes (at);

-- Since when all of this is kept, in microseconds.
insert into counters (name, value) values ('link_history', 0);
