package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
)

// People are found by the beginnings of words. The words of each object are kept in a
// column, in lower case, without accents, each after a space. A search goes through an
// index that holds the column in the order of the list, which costs less than keeping
// a row for each word, and never more than one pass over the index.

// The lengths of what is kept to search by, in bytes: an index takes no long texts.
const (
	maxWords = 600
	maxWord  = 120
	maxTyped = 8 // words of a search
)

// fold returns a text in lower case and without accents.
func fold(text string) string {
	if isASCII(text) {
		return strings.ToLower(text)
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// clip shortens a text to so many bytes, between two characters.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// wordsOf returns the words of texts as they are kept. Of an address, what stands
// before the domain has words of its own.
func wordsOf(texts ...string) string {
	words := make([]string, 0, 8)
	add := func(word string) {
		if word = clip(word, maxWord); word != "" && !slices.ContainsFunc(words, func(known string) bool { return strings.HasPrefix(known, word) }) {
			words = append(words, word)
		}
	}
	for word := range strings.FieldsSeq(fold(strings.Join(texts, " "))) {
		add(word)
		local, _, _ := strings.Cut(word, "@")
		for i, inside := 0, false; i < len(local); {
			r, size := utf8.DecodeRuneInString(local[i:])
			letter := unicode.IsLetter(r) || unicode.IsDigit(r)
			if letter && !inside && i > 0 {
				add(word[i:])
			}
			inside = letter
			i += size
		}
	}
	var b strings.Builder
	for _, word := range words {
		if b.Len()+1+len(word) > maxWords {
			break
		}
		b.WriteString(" " + word)
	}
	return b.String()
}

func userWords(u directory.User) string { return wordsOf(searched(u)...) }

// searched returns what a user is found by.
func searched(u directory.User) []string {
	texts := append(make([]string, 0, 6), u.DisplayName, u.UserPrincipalName)
	for _, name := range []string{"mail", "givenName", "surname", "employeeId"} {
		if text := u.Attributes.Get(name).String(); text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

func groupWords(g directory.Group) string {
	return wordsOf(g.DisplayName, g.Attributes.Get("description").String())
}

// nameKey is what users are in the order of.
func nameKey(displayName string) string { return clip(fold(displayName), maxWord) }

// accountKey is what accounts are in the order of.
func accountKey(name string) string { return clip(key(clean(name)), maxWord) }

func departmentKey(attributes attr.Object) string {
	return clip(fold(attributes.Get("department").String()), maxWord)
}

// addWords adds that each word of a typed text is the beginning of one that a column
// holds.
func (c *conditions) addWords(column, typed string) {
	words := strings.Fields(fold(clean(typed)))
	// The longest is the rarest, as a rule: it saves looking for the others.
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	for _, word := range words[:min(maxTyped, len(words))] {
		c.add(`strpos(`+column+`, ?) > 0`, " "+clip(word, maxWord)) // half the cost of like
	}
}

// fillWords fills in what users, groups and accounts are searched by that were there
// before it was kept.
func fillWords(ctx context.Context, t *tx) error {
	// Since when they are there is kept by later migrations only.
	userColumns, groupColumns := strings.Replace(userColumns, "created_at", "0", 1), strings.Replace(groupColumns, "created_at", "0", 1)
	for after := ""; ; {
		users, err := t.users(ctx, `select `+userColumns+` from users where id > $1 order by id limit $2`, after, int64(pageSize))
		if err != nil {
			return err
		}
		for _, u := range users {
			if _, err := t.exec(ctx, `update users set name_key = $1, department_key = $2, words = $3 where id = $4`,
				nameKey(u.DisplayName), departmentKey(u.Attributes), userWords(u), u.ID); err != nil {
				return err
			}
			after = u.ID
		}
		if len(users) < pageSize {
			break
		}
	}
	groups, err := t.groups(ctx, `select `+groupColumns+` from groups`)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if _, err := t.exec(ctx, `update groups set words = $1 where id = $2`, groupWords(g), g.ID); err != nil {
			return err
		}
	}
	return fillAccounts(ctx, t)
}

func fillAccounts(ctx context.Context, t *tx) error {
	names := make(map[string]bool)
	if err := t.each(ctx, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		names[name] = true
		return err
	}, `select distinct target_name from connections`); err != nil {
		return err
	}
	if len(names) == 0 {
		return nil
	}
	if _, err := t.exec(ctx, `create index connections_by_raw_name on connections (target_name)`); err != nil {
		return err
	}
	for name := range names {
		if _, err := t.exec(ctx, `update connections set name_key = $1 where target_name = $2`, accountKey(name), name); err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, `drop index connections_by_raw_name`)
	return err
}
