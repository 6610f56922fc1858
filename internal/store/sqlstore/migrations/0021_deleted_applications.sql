-- Applications that were deleted and can be restored. They are in no other table, so
-- that nothing runs for them; credentials and connections are not kept.
create table deleted_applications (
    object_id  key_text primary key,
    id         key_text not null unique,
    deleted_at bigint   not null,
    content    text     not null -- JSON
);
