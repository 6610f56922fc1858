-- Operations of no application: those of the directory.
alter table operations rename to former_operations;
create table operations (
    id             key_text primary key,
    application_id key_text references applications (id) on delete cascade, -- null for one of the directory
    kind           key_text not null,
    running        boolean  not null,
    stop           boolean  not null, -- somebody asked to stop it
    began          bigint   not null,
    heard          bigint   not null, -- when it was last heard of
    content        text     not null  -- JSON
);
insert into operations (id, application_id, kind, running, stop, began, heard, content)
    select id, application_id, kind, running, stop, began, heard, content from former_operations;
drop table former_operations;
create index operations_of_application on operations (application_id, began);
