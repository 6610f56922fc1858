package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

const administratorColumns = `a.id, a.name, a.display_name, a.role, a.password_hash, a.issuer, a.subject, a.created_at, a.signed_in_at, a.disabled_at`

// administratorRow is a row of administratorColumns.
type administratorRow struct {
	administrator               store.Administrator
	hash                        string
	created, signedIn, disabled int64
}

func (r *administratorRow) targets() []any {
	a := &r.administrator
	return []any{&a.ID, &a.Name, &a.DisplayName, &a.Role, &r.hash, &a.Issuer, &a.Subject, &r.created, &r.signedIn, &r.disabled}
}

func (r *administratorRow) value() store.Administrator {
	a := r.administrator
	a.PasswordHash = provisioning.NewSecret(r.hash)
	a.CreatedAt, a.SignedInAt, a.DisabledAt = moment(r.created), moment(r.signedIn), moment(r.disabled)
	return a
}

// administrators runs a query of administratorColumns.
func (s session) administrators(ctx context.Context, text string, arguments ...any) ([]store.Administrator, error) {
	var found []store.Administrator
	err := s.each(ctx, func(rows *sql.Rows) error {
		var row administratorRow
		err := rows.Scan(row.targets()...)
		found = append(found, row.value())
		return err
	}, text, arguments...)
	return found, err
}

// administrator returns the one that a condition on administrators a selects.
func (s session) administrator(ctx context.Context, name, condition string, arguments ...any) (store.Administrator, error) {
	found, err := s.administrators(ctx, `select `+administratorColumns+` from administrators a where `+condition, arguments...)
	if err == nil && len(found) == 0 {
		err = notFound("administrator", name)
	}
	if err != nil {
		return store.Administrator{}, err
	}
	return found[0], nil
}

func (s session) administratorByID(ctx context.Context, id string) (store.Administrator, error) {
	return s.administrator(ctx, id, `a.id = $1`, id)
}

// Administrator returns an administrator; see store.Administrators.
func (s *Store) Administrator(ctx context.Context, idOrName string) (store.Administrator, error) {
	if err := checkText("administrator", idOrName); err != nil {
		return store.Administrator{}, errors.Join(notFound("administrator", idOrName), err)
	}
	queries := s.database.queries()
	found, err := queries.administratorByID(ctx, idOrName)
	if !errors.Is(err, store.ErrNotFound) {
		return found, err
	}
	return queries.administrator(ctx, idOrName, `a.name_key = $1`, key(idOrName))
}

// AdministratorBySubject returns an administrator; see store.Administrators.
func (s *Store) AdministratorBySubject(ctx context.Context, issuer, subject string) (store.Administrator, error) {
	if err := checkText("subject", issuer, subject); err != nil || subject == "" {
		return store.Administrator{}, errors.Join(notFound("administrator with the subject", subject), err)
	}
	return s.database.queries().administrator(ctx, subject, `a.issuer = $1 and a.subject = $2`, issuer, subject)
}

// Administrators returns all administrators; see store.Administrators.
func (s *Store) Administrators(ctx context.Context) ([]store.Administrator, error) {
	found, err := s.database.queries().administrators(ctx, `select `+administratorColumns+` from administrators a order by a.name_key`)
	return found, wrapped("list administrators", err)
}

// AddAdministrator keeps a new administrator; see store.Administrators.
func (s *Store) AddAdministrator(ctx context.Context, administrator store.Administrator, audits ...journal.Audit) error {
	return s.changePeople(ctx, "add administrator "+administrator.Name, func(t *tx) error {
		if err := t.addAdministrator(ctx, administrator); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

// changePeople runs a transaction that changes who may sign in, one at a time.
func (s *Store) changePeople(ctx context.Context, what string, change func(t *tx) error) error {
	return s.database.write(ctx, what, func(t *tx) error {
		if _, err := t.next(ctx, "administrators", 0); err != nil {
			return err
		}
		return change(t)
	})
}

func (t *tx) addAdministrator(ctx context.Context, a store.Administrator) error {
	if err := t.checkAdministrator(ctx, a); err != nil {
		return err
	}
	known, err := t.count(ctx, `select count(*) from administrators where id = $1`, a.ID)
	if err != nil {
		return err
	}
	if known > 0 {
		return errorf(store.ErrConflict, "there is an administrator with the id %q", a.ID)
	}
	_, err = t.exec(ctx, `insert into administrators (id, name, name_key, display_name, role, password_hash, issuer, subject, created_at, signed_in_at, disabled_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		a.ID, a.Name, key(a.Name), a.DisplayName, string(a.Role), a.PasswordHash.Reveal(), a.Issuer, a.Subject,
		micros(a.CreatedAt), micros(a.SignedInAt), micros(a.DisabledAt))
	return err
}

// checkAdministrator refuses what cannot be kept, and what another one has.
func (t *tx) checkAdministrator(ctx context.Context, a store.Administrator) error {
	switch {
	case a.ID == "" || a.Name == "" || !a.Role.Allows(store.RoleReader):
		return errorf(store.ErrInvalid, "an administrator needs an id, a name and a role")
	case (a.Issuer == "") != (a.Subject == ""):
		return errorf(store.ErrInvalid, "issuer and subject belong together")
	}
	if err := checkText("administrator", a.ID, a.Name, a.DisplayName, a.Issuer, a.Subject); err != nil {
		return err
	}
	named, err := t.count(ctx, `select count(*) from administrators where name_key = $1 and id <> $2`, key(a.Name), a.ID)
	if err != nil {
		return err
	}
	if named > 0 {
		return errorf(store.ErrConflict, "there is an administrator %q", a.Name)
	}
	if a.Subject == "" {
		return nil
	}
	known, err := t.count(ctx, `select count(*) from administrators where issuer = $1 and subject = $2 and id <> $3`, a.Issuer, a.Subject, a.ID)
	if err != nil {
		return err
	}
	if known > 0 {
		return errorf(store.ErrConflict, "there is an administrator with the subject %q of %s", a.Subject, a.Issuer)
	}
	return nil
}

// UpdateAdministrator changes an administrator; see store.Administrators.
func (s *Store) UpdateAdministrator(ctx context.Context, id string, change func(store.Administrator) (store.Administrator, []journal.Audit, error)) error {
	return s.changePeople(ctx, "change administrator "+id, func(t *tx) error {
		before, err := t.administratorByID(ctx, id)
		if err != nil {
			return err
		}
		after, audits, err := change(before)
		if err != nil {
			return err
		}
		if err := t.replaceAdministrator(ctx, before, after); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

// ChangePassword gives an administrator another password; see store.Administrators.
func (s *Store) ChangePassword(ctx context.Context, id string, hash provisioning.Secret, except string, audits ...journal.Audit) error {
	return s.changePeople(ctx, "change the password of administrator "+id, func(t *tx) error {
		before, err := t.administratorByID(ctx, id)
		if err != nil {
			return err
		}
		after := before
		after.PasswordHash = hash
		if err := t.replaceAdministrator(ctx, before, after); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `delete from sessions where administrator_id = $1 and id <> $2`, id, except); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `delete from sign_in_links where administrator_id = $1 and used_at = 0`, id); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

func (t *tx) replaceAdministrator(ctx context.Context, before, after store.Administrator) error {
	after.ID = before.ID
	if err := t.checkAdministrator(ctx, after); err != nil {
		return err
	}
	if mayAll(before) && !mayAll(after) {
		if err := t.keepOne(ctx, before.ID); err != nil {
			return err
		}
	}
	if _, err := t.exec(ctx, `update administrators set name = $1, name_key = $2, display_name = $3, role = $4, password_hash = $5, issuer = $6, subject = $7,
		disabled_at = $8 where id = $9`,
		after.Name, key(after.Name), after.DisplayName, string(after.Role), after.PasswordHash.Reveal(), after.Issuer, after.Subject,
		micros(after.DisabledAt), after.ID); err != nil {
		return err
	}
	if !after.Disabled() {
		return nil
	}
	return t.shutOut(ctx, after.ID)
}

// mayAll reports whether somebody can sign in and change everything.
func mayAll(a store.Administrator) bool {
	return a.Role == store.RoleAdministrator && !a.Disabled() && !a.Invited()
}

// keepOne is ErrConflict if nobody but the administrator given may change everything.
func (t *tx) keepOne(ctx context.Context, id string) error {
	others, err := t.count(ctx, `select count(*) from administrators where role = $1 and disabled_at = 0 and (password_hash <> '' or subject <> '') and id <> $2`,
		string(store.RoleAdministrator), id)
	if err != nil {
		return err
	}
	if others == 0 {
		return errorf(store.ErrConflict, "this is the last administrator with the role %s who can sign in", store.RoleAdministrator)
	}
	return nil
}

// shutOut ends the sessions and links of an administrator.
func (t *tx) shutOut(ctx context.Context, id string) error {
	if _, err := t.exec(ctx, `delete from sessions where administrator_id = $1`, id); err != nil {
		return err
	}
	_, err := t.exec(ctx, `delete from sign_in_links where administrator_id = $1`, id)
	return err
}

// RemoveAdministrator removes an administrator; see store.Administrators.
func (s *Store) RemoveAdministrator(ctx context.Context, id string, audits ...journal.Audit) error {
	return s.changePeople(ctx, "remove administrator "+id, func(t *tx) error {
		before, err := t.administratorByID(ctx, id)
		if err != nil {
			return err
		}
		if mayAll(before) {
			if err := t.keepOne(ctx, id); err != nil {
				return err
			}
		}
		if err := t.shutOut(ctx, id); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `delete from administrators where id = $1`, id); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}
