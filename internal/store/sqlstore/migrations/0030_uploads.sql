-- What people uploaded and did not confirm yet.
create table uploads (
    id          key_text primary key,
    owner       key_text not null,
    purpose     text     not null,
    uploaded_at bigint   not null,
    files       text     not null -- JSON, without what is in them
);
create index uploads_of_owner on uploads (owner, uploaded_at);
create index uploads_by_moment on uploads (uploaded_at);

create table upload_parts (
    upload_id key_text not null references uploads (id) on delete cascade,
    file      bigint   not null, -- from 0
    part      bigint   not null, -- from 0
    sealed    text     not null,
    primary key (upload_id, file, part)
);
