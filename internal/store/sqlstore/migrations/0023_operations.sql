-- Acts of administrators that run in the background.
create table operations (
    id             key_text primary key,
    application_id key_text not null references applications (id) on delete cascade,
    kind           key_text not null,
    running        boolean  not null,
    stop           boolean  not null, -- somebody asked to stop it
    began          bigint   not null,
    heard          bigint   not null, -- when it was last heard of
    content        text     not null  -- JSON
);
create index operations_of_application on operations (application_id, began);
