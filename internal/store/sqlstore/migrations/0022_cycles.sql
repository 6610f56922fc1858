-- The cycles that are over.
create table cycles (
    id             key_text primary key,
    job_id         key_text not null,
    application_id key_text not null,
    kind           text     not null,
    state          text     not null,
    began          bigint   not null,
    ended          bigint   not null,
    content        text     not null
);
create index cycles_by_job on cycles (job_id, began, id);
create index cycles_by_application on cycles (application_id, began, id);
create index cycles_by_moment on cycles (began, id);

-- How many entries of a kind the log got in an hour, which is counted since 1970.
create table tallies (
    application_id key_text not null,
    hour           bigint   not null,
    action         key_text not null,
    status         key_text not null,
    code           key_text not null,
    count          bigint   not null,
    primary key (application_id, hour, action, status, code)
);
create index tallies_by_hour on tallies (hour, application_id);

insert into tallies (application_id, hour, action, status, code, count)
    select application_id, at / 3600000000, action, status, code, count(*) from entries
    group by application_id, at / 3600000000, action, status, code;

-- When the changes of the feed were made: those up to a position, and after the one before.
create table feed_times (
    sequence bigint primary key,
    at       bigint not null
);
