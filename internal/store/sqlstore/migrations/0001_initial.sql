-- The tables of Usher, in one text for SQLite and PostgreSQL.
--
-- key_text is text that sorts byte by byte: a domain on PostgreSQL, plain text on
-- SQLite, which sorts so anyway. Moments are microseconds since 1970 in UTC and 0
-- for none. No column holds null; an empty text says that there is nothing.

create table counters (
    name  key_text primary key,
    value bigint   not null
);

insert into counters (name, value) values ('changes', 0), ('entries', 0), ('audits', 0), ('imports', 0);

-- The directory.

create table users (
    id                      key_text primary key,
    user_principal_name     text     not null,
    user_principal_name_key key_text not null unique, -- in lower case
    display_name            text     not null,
    account_enabled         boolean  not null,
    manager_id              key_text not null,
    deleted_at              bigint   not null,
    attributes              text     not null         -- JSON: attribute name to value
);

create table groups (
    id               key_text primary key,
    display_name     text     not null,
    display_name_key key_text not null, -- in lower case
    security_enabled boolean  not null,
    deleted_at       bigint   not null,
    attributes       text     not null
);

create index groups_by_display_name on groups (display_name_key, id);

create table members (
    group_id    key_text not null references groups (id) on delete cascade,
    member_id   key_text not null,
    member_type text     not null, -- User or Group
    primary key (group_id, member_id)
);

create index members_by_member on members (member_id, group_id);

create table applications (
    id               key_text primary key,
    object_id        key_text not null unique,
    app_id           key_text not null unique,
    template_id      text     not null,
    display_name     text     not null,
    display_name_key key_text not null unique, -- in lower case
    created_at       bigint   not null
);

create table app_roles (
    id               key_text primary key,
    application_id   key_text not null references applications (id) on delete cascade,
    display_name     text     not null,
    display_name_key key_text not null, -- in lower case
    value            text     not null,
    description      text     not null,
    enabled          boolean  not null,
    target_id        key_text not null, -- id of the role in the target, empty when it was not imported
    license          text     not null
);

create index app_roles_by_application on app_roles (application_id, display_name_key, id);

create table assignments (
    id             key_text primary key,
    application_id key_text not null references applications (id) on delete cascade,
    principal_id   key_text not null,
    principal_type text     not null, -- User or Group
    app_role_id    key_text not null,
    created_at     bigint   not null,
    unique (application_id, principal_id, app_role_id)
);

create index assignments_by_principal on assignments (principal_id, application_id);
create index assignments_by_role on assignments (application_id, app_role_id);

-- The change feed: one row for each object that a transaction touched.
create table changes (
    sequence       bigint   primary key,
    kind           text     not null, -- user, member, assignment, group, role
    user_id        key_text not null, -- whom the change touches, empty when it touches the members of the group
    group_id       key_text not null,
    application_id key_text not null, -- the only application that it touches, empty for all
    app_role_id    key_text not null
);

-- Jobs.

create table jobs (
    id                            key_text primary key,
    application_id                key_text not null unique references applications (id) on delete cascade,
    template_id                   text     not null,
    schedule_interval_nanoseconds bigint   not null,
    schedule_state                text     not null,
    settings                      text     not null, -- JSON
    status                        text     not null, -- JSON
    watermark                     bigint   not null
);

-- The fencing token has a narrow table of its own: every commit of a cycle locks it.
create table fences (
    job_id         key_text primary key references jobs (id) on delete cascade,
    fence          bigint   not null,
    restarts       bigint   not null, -- how often the job was told to begin anew
    begun_restarts bigint   not null  -- restarts when the latest cycle began
);

create table schemas (
    job_id  key_text primary key references jobs (id) on delete cascade,
    content text     not null -- JSON
);

create table credentials (
    job_id   key_text not null references jobs (id) on delete cascade,
    position bigint   not null,
    name     text     not null,
    sealed   text     not null, -- base64
    primary key (job_id, position)
);

create table connections (
    job_id      key_text not null references jobs (id) on delete cascade,
    source_id   key_text not null,
    target_id   key_text not null,
    target_name text     not null,
    enabled     boolean  not null,
    since       bigint   not null,
    pending     text     not null, -- JSON, empty when no value is pending
    primary key (job_id, source_id),
    unique (job_id, target_id)
);

create table escrows (
    job_id    key_text not null references jobs (id) on delete cascade,
    source_id key_text not null,
    code      text     not null,
    message   text     not null,
    reference boolean  not null,
    attempts  bigint   not null,
    first_at  bigint   not null,
    next_at   bigint   not null,
    primary key (job_id, source_id)
);

create index escrows_by_next on escrows (job_id, next_at);

create table waiting_references (
    job_id        key_text not null references jobs (id) on delete cascade,
    source_id     key_text not null,
    attribute     key_text not null,
    referenced_id key_text not null,
    old_value     text     not null, -- JSON
    ready         boolean  not null, -- the account that it points to exists
    primary key (job_id, source_id, attribute)
);

create index waiting_references_by_referenced on waiting_references (job_id, referenced_id);
create index waiting_references_ready on waiting_references (job_id, source_id, attribute) where ready;

create table removals (
    job_id    key_text not null references jobs (id) on delete cascade,
    source_id key_text not null,
    state     text     not null, -- planned, staged, allowed
    reason    text     not null,
    since     bigint   not null,
    primary key (job_id, source_id)
);

-- The logs. They refer to nothing, because they outlive what they tell about.

create table entries (
    id                   bigint   primary key,
    at                   bigint   not null,
    job_id               key_text not null,
    application_id       key_text not null,
    cycle_id             key_text not null,
    source_id            key_text not null,
    source_name          text     not null,
    target_id            text     not null,
    target_name          text     not null,
    action               text     not null,
    status               text     not null,
    code                 text     not null,
    duration_nanoseconds bigint   not null,
    initiated_by         text     not null,
    search               text     not null, -- ids and names of both sides in lower case
    change               text     not null  -- JSON
);

create index entries_by_source on entries (source_id, id);
create index entries_by_cycle on entries (cycle_id, id);

create table audits (
    id       bigint primary key,
    at       bigint not null,
    activity text   not null,
    actor    text   not null,
    subject  text   not null,
    detail   text   not null
);
