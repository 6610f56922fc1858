-- What the schema of an application goes back to, when it is not that of its template
-- in the gallery.
create table default_schemas (
    application_id key_text primary key references applications (id) on delete cascade,
    content        text     not null -- JSON
);
