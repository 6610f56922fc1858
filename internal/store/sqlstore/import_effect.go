package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"iter"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// shownNames is how many people an effect names.
const shownNames = 20

// ImportIf is Import that counts only when agree agrees; see store.Importer. What it
// means is looked up in its own transaction, so that it is what is agreed to.
func (s *Store) ImportIf(
	ctx context.Context, deltas iter.Seq2[directory.Delta, error], replace bool,
	needsRole func(directory.Application) bool, agree func(store.ImportEffect) (journal.Audit, error),
) error {
	return s.importing(ctx, deltas, replace, func(i *importer, work func() error) error {
		i.deeds = new(deeds)
		before, err := i.count(ctx, `select count(*) from users where deleted_at = 0`)
		if err != nil {
			return err
		}
		if err := i.noteEntitled(ctx, "entitled_before", needsRole); err != nil {
			return err
		}
		if err := work(); err != nil {
			return err
		}
		if err := i.noteEntitled(ctx, "entitled_after", needsRole); err != nil {
			return err
		}
		effect, err := i.effect(ctx)
		if err != nil {
			return err
		}
		effect.Before = before
		audit, err := agree(effect)
		if err != nil {
			return err
		}
		return i.appendAudits(ctx, []journal.Audit{audit})
	})
}

// deeds is what an import did, a line for each object, membership and assignment. Nil, it
// takes nothing.
type deeds struct {
	lines   []string
	removed []string // ids of users
}

func (d *deeds) add(words ...string) {
	if d != nil {
		d.lines = append(d.lines, strings.Join(words, "\x00"))
	}
}

func (d *deeds) members(deed string, members []directory.Member) {
	for _, member := range members {
		d.add(deed, member.Group, member.Member)
	}
}

func (d *deeds) assignments(deed string, assignments ...directory.Assignment) {
	for _, a := range assignments {
		d.add(deed, a.ApplicationID, a.PrincipalID, a.AppRoleID)
	}
}

// digest returns a text that is the same for the same deeds, in whatever order they were
// done.
func (d *deeds) digest() string {
	slices.Sort(d.lines)
	hash := sha256.New()
	for _, line := range d.lines {
		_, _ = hash.Write([]byte(line + "\n")) // never fails
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// noteEntitled writes into a working table who may use which application in which roles.
// Whoever may because the application is for everybody has an empty role beside others.
func (i *importer) noteEntitled(ctx context.Context, table string, needsRole func(directory.Application) bool) error {
	if err := i.temporary(ctx, table, `application_id text not null, user_id text not null, role_id text not null,
		primary key (application_id, user_id, role_id)`); err != nil {
		return err
	}
	applications, err := i.applications(ctx, `select `+applicationColumns+` from applications order by id`)
	if err != nil {
		return err
	}
	for _, application := range applications {
		job, _, err := i.job(ctx, `select `+jobColumns+` from jobs j join fences f on f.job_id = j.id where j.application_id = $1`, application.ID)
		if err != nil {
			return err
		}
		inside, everybody, without := "", "", ""
		if job.Settings.NestedGroups {
			inside = ` union select g.id, t.role_id from through t
				join members m on m.group_id = t.id and m.member_type = 'Group'
				join groups g on g.id = m.member_id and g.deleted_at = 0`
		}
		if needsRole(application) {
			without = directory.DefaultAccess
		}
		if job.Settings.SyncAll {
			everybody = ` union select id, '' from users`
		}
		if _, err := i.exec(ctx, `insert into `+table+` (application_id, user_id, role_id)
			with recursive through (id, role_id) as (
				select distinct g.id, a.app_role_id from assignments a
					join groups g on g.id = a.principal_id and g.deleted_at = 0 and g.security_enabled
					where a.application_id = $1 and a.principal_type = 'Group' and a.app_role_id <> $2`+inside+`),
			entitled (user_id, role_id) as (
				select a.principal_id, a.app_role_id from assignments a
					where a.application_id = $1 and a.principal_type = 'User' and a.app_role_id <> $2
				union
				select m.member_id, t.role_id from through t join members m on m.group_id = t.id`+everybody+`)
			select cast($1 as text), u.id, e.role_id from entitled e join users u on u.id = e.user_id
				where u.deleted_at = 0 and u.account_enabled`, application.ID, without); err != nil {
			return err
		}
	}
	return nil
}

// effect tells what was done.
func (i *importer) effect(ctx context.Context) (store.ImportEffect, error) {
	effect := store.ImportEffect{ImportReport: i.report}
	var err error
	if effect.Removed, err = i.texts(ctx, `select user_principal_name from users where id in list($1) and deleted_at <> 0 order by name_key, id limit $2`,
		i.deeds.removed, int64(shownNames)); err != nil {
		return effect, err
	}
	if err := i.noteMoved(ctx); err != nil {
		return effect, err
	}
	err = i.each(ctx, func(rows *sql.Rows) error {
		var access store.AccessEffect
		err := rows.Scan(&access.ApplicationID, &access.DisplayName, &access.Gained, &access.Lost, &access.Changed)
		effect.Accesses = append(effect.Accesses, access)
		return err
	}, `select a.id, a.display_name, count(case when m.how = 'gained' then 1 end), count(case when m.how = 'lost' then 1 end),
			count(case when m.how = 'changed' then 1 end)
		from moved m join applications a on a.id = m.application_id
		group by a.id, a.display_name, a.display_name_key order by a.display_name_key, a.id`)
	if err != nil {
		return effect, err
	}
	for n := range effect.Accesses {
		access := &effect.Accesses[n]
		if access.Losers, err = i.moved(ctx, access.ApplicationID, "lost", access.Lost); err != nil {
			return effect, err
		}
		if access.Changers, err = i.moved(ctx, access.ApplicationID, "changed", access.Changed); err != nil {
			return effect, err
		}
	}
	effect.Digest = i.deeds.digest()
	return effect, nil
}

// noteMoved compares the two tables of who is entitled: it notes as deeds who gains or
// loses which role, and writes into a working table what becomes of whose access.
func (i *importer) noteMoved(ctx context.Context) error {
	if err := i.temporary(ctx, "moved", `application_id text not null, user_id text not null, how text not null, primary key (application_id, user_id)`); err != nil {
		return err
	}
	const columns = `select application_id, user_id, role_id from `
	for deed, difference := range map[string]string{
		"gains": columns + `entitled_after except ` + columns + `entitled_before`,
		"loses": columns + `entitled_before except ` + columns + `entitled_after`,
	} {
		if err := i.each(ctx, func(rows *sql.Rows) error {
			var application, user, role string
			err := rows.Scan(&application, &user, &role)
			i.deeds.add(deed, application, user, role)
			return err
		}, difference); err != nil {
			return err
		}
		if _, err := i.exec(ctx, `insert into moved (application_id, user_id, how)
			select distinct d.application_id, d.user_id, case
				when not exists (select 1 from entitled_before b where b.application_id = d.application_id and b.user_id = d.user_id) then 'gained'
				when not exists (select 1 from entitled_after n where n.application_id = d.application_id and n.user_id = d.user_id) then 'lost'
				else 'changed' end
			from (`+difference+`) d where true on conflict (application_id, user_id) do nothing`); err != nil {
			return err
		}
	}
	return nil
}

// moved returns the names of the first of so many whose access changes in a way.
func (i *importer) moved(ctx context.Context, applicationID, how string, count int) ([]string, error) {
	if count == 0 {
		return nil, nil
	}
	return i.texts(ctx, `select u.user_principal_name from moved m join users u on u.id = m.user_id
		where m.application_id = $1 and m.how = $2 order by u.name_key, u.id limit $3`, applicationID, how, int64(shownNames))
}
